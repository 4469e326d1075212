"""Loads Puerto and its peers on one host in one run: ``python3 -m deploy bench``.

Each peer is installed in a virtual environment of its own, and configured as its documentation says for production.
"""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import joblib

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import LOCK, MODELS, state, tool
from deploy.models import builder
from deploy.models.contracts import read_contract
from deploy.rehearsal import hosts as rehearsal
from tests.checkout import copied
from tests.inventory import rendered

HERE = Path(__file__).parent
NAME = "bench"
DEBIAN = "12"
"""Some peers know no newer Python than its."""

SYSTEMS = ("nginx-static", "puerto-constant", "puerto", "practice", "fastapi", "mlflow", "bentoml", "mlserver")
PACKAGES = {
    "practice": "flask gunicorn",
    "fastapi": "fastapi uvicorn[standard]",
    "mlflow": "mlflow",
    "bentoml": "bentoml",
    "mlserver": "mlserver mlserver-sklearn 'uvloop<0.22'",
}
"""Peer → its packages, beside scikit-learn, numpy, pandas and joblib in Puerto's versions.

MLServer 1.7 does not start with a newer uvloop.
"""

OWN = ("exam", "titanic", "diabetes")
ALL = (*OWN, "mixed", "histgb")
SHARED = ("joblib", "numpy", "pandas", "scikit-learn")


def main() -> int:
    """Measure, print the table, write the records and the picture."""
    options = _options()
    console = Console("bench", sys.stderr)
    try:
        host, own = _provisioned(console, options.models)
        try:
            records, versions = measure(
                console, host, own, options.systems, options.models, options.workers, options.seconds
            )
        finally:
            rehearsal.down(NAME)
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    machine = (
        f"{os.cpu_count()} cores, Debian {DEBIAN}, {', '.join(f'{name} {said}' for name, said in versions.items())}"
    )
    print(table(records))
    print(f"\nRequests per second, {options.seconds} s each, 16 connections. {machine}.")
    if options.json:
        found = [record | {"versions": versions, "machine": machine} for record in records]
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        options.svg.write_text(picture(records), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--systems", nargs="+", choices=SYSTEMS, default=[*SYSTEMS], metavar="NAME", help=", ".join(SYSTEMS)
    )
    parser.add_argument("--models", nargs="+", choices=ALL, default=[*ALL], metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--workers", nargs="+", type=int, default=[2, 4], metavar="N", help="worker processes (2 4)")
    parser.add_argument("--seconds", type=int, default=5, help="of load for each figure (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the records there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the figures there")
    return parser.parse_args()


def _provisioned(console: Console, models: list[str]) -> tuple[rehearsal.Host, dict[str, Any]]:
    """Return a host on which Puerto serves the models, from a copy of this checkout that has them all; its options."""
    copy = copied(state("bench", "project"))
    for model in models:
        shutil.copytree(model_folder(model), copy / "models" / model, dirs_exist_ok=True)
    rehearsal.down(NAME)
    host = rehearsal.up(console, NAME, DEBIAN)
    inventory = state("bench", "hosts.yml")
    inventory.write_text(rehearsal.inventory([host]))
    with console.step("Provision it"):
        console.run([tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"], cwd=copy)
    return host, rendered(str(inventory))[host.name]


def model_folder(model: str) -> Path:
    """Return where a model is, Puerto's own or the benchmark's."""
    return MODELS / model if model in OWN else HERE / "models" / model


def measure(console: Console, host: rehearsal.Host, own: dict[str, Any], systems: list[str], models: list[str],
            workers: list[int], seconds: int) -> tuple[list[dict[str, Any]], dict[str, str]]:  # fmt: skip
    """Return the records of all figures, and the versions of what was measured; own: Puerto's options there."""
    with console.step("Install the load generator"):
        _on(host, "command -v wrk >/dev/null || { apt-get -q update && apt-get -qy install wrk; }")
        _on(host, "rm -rf /opt/bench && mkdir /opt/bench && tar -x -C /opt/bench", _files(models))
    versions = {}
    for name in systems:
        if name in PACKAGES:
            with console.step(f"Install {name}"):
                versions |= _installed(host, name)
    asked = json.dumps({"systems": systems, "models": models, "workers": workers, "seconds": seconds})
    records = []
    command = f"python3 /opt/bench/on_host.py {own['systemd_unit']} {own['nginx_server_names'][0]}"
    with subprocess.Popen(host.ssh(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:  # fmt: skip
        assert process.stdin and process.stdout
        process.stdin.write(asked)
        process.stdin.close()
        records = [json.loads(line) for line in process.stdout]
    if process.returncode:
        print("Not all was measured: see above.", file=sys.stderr)
    return records, versions


def _files(models: list[str]) -> bytes:
    """Return an archive of what the host needs: programs, and of each model its file and its requests."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("on_host.py", "wrk.lua", "peers"):
            tar.add(HERE / name, name, filter=lambda member: None if "__pycache__" in member.name else member)
        for model in models:
            folder = model_folder(model)
            contract = read_contract(folder / builder.CONTRACT)
            file = io.BytesIO()
            joblib.dump(builder.training(folder / builder.TRAINING).train().estimator, file)
            _add(tar, f"models/{model}/model.joblib", file.getvalue())
            for name, body in requests_of(contract.example).items():
                _add(tar, f"models/{model}/{name}", json.dumps(body).encode())
    return buffer.getvalue()


def requests_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return each protocol's request for a row."""
    kinds = {name: "BYTES" if isinstance(value, str) else "FP64" for name, value in row.items()}
    inputs = [{"name": name, "shape": [1, 1], "datatype": kinds[name], "data": [value]} for name, value in row.items()]
    numbers = [{"name": "predict", "shape": [1, len(row)], "datatype": "FP64", "data": [*row.values()]}]
    mixed = any(isinstance(value, str) for value in row.values())
    v2 = {"parameters": {"content_type": "pd"}, "inputs": inputs} if mixed else {"inputs": numbers}
    return {"example.json": row, "row.json": {"row": row}, "mlflow.json": {"dataframe_records": [row]}, "v2.json": v2}


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _installed(host: rehearsal.Host, peer: str) -> dict[str, str]:
    """Install a peer, with the packages that it shares with Puerto in Puerto's versions; name → version."""
    lock = json.loads(LOCK.read_text())["default"]
    shared = " ".join(f"{name}{lock[name]['version']}" for name in SHARED)
    folder = f"/opt/bench/venvs/{peer}"
    _on(host, f"python3 -m venv {folder} && {folder}/bin/pip -q install {PACKAGES[peer]} {shared}")
    listed = json.loads(_on(host, f"{folder}/bin/pip list --format json"))
    named = {re.split(r"[\[<]", name)[0] for name in PACKAGES[peer].replace("'", "").split()}
    return {each["name"]: each["version"] for each in listed if each["name"].lower() in named}


def _on(host: rehearsal.Host, command: str, given: bytes = b"") -> str:
    done = subprocess.run(host.ssh(command), input=given, capture_output=True)
    if done.returncode:
        raise DeployError(f"{command}: {done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}")
    return done.stdout.decode()


def table(records: list[dict[str, Any]]) -> str:
    """Return the figures of the fewest workers, with and without Nginx, as a Markdown table."""
    workers = min(record["workers"] for record in records)
    models = list(dict.fromkeys(record["model"] for record in records))
    lines = [f"| {workers} workers | Nginx | {' | '.join(models)} | memory | start |",
             f"|---|---|{'---:|' * (len(models) + 2)}"]  # fmt: skip
    for system in dict.fromkeys(record["system"] for record in records):
        for has_nginx in (True, False):
            found = {record["model"]: record for record in records if record["system"] == system
                     and record["nginx"] == has_nginx and record["workers"] == workers}  # fmt: skip
            if found:
                cells = [f"{found[model]['requests_per_s']:,.0f}" if model in found else "" for model in models]
                memory = max(record["pss_mib"] for record in found.values())
                starts = [record["start_s"] for record in found.values() if record["start_s"]]
                told = [f"{memory:.0f} MiB" if memory else "", f"{max(starts):.1f} s" if starts and memory else ""]
                lines.append(f"| {system} | {'yes' if has_nginx else 'no'} | {' | '.join(cells + told)} |")
    return "\n".join(lines)


def picture(records: list[dict[str, Any]]) -> str:
    """Draw requests per second through Nginx, a bar for each system and model, as SVG."""
    workers = min(record["workers"] for record in records)
    shown = [record for record in records if record["nginx"] and record["workers"] == workers
             and record["system"] != "nginx-static"]  # fmt: skip
    models = list(dict.fromkeys(record["model"] for record in shown))
    most = max(record["requests_per_s"] for record in shown)
    parts, y = [], 10
    for model in models:
        parts.append(f'<text x="10" y="{y + 14}" font-weight="bold">{model}</text>')
        y += 22
        for record in (each for each in shown if each["model"] == model):
            width = max(1.0, 380 * record["requests_per_s"] / most)
            colour = "#0b5d77" if record["system"].startswith("puerto") else "#8fa3ad"
            parts += [
                f'<text x="120" y="{y + 12}" text-anchor="end">{record["system"]}</text>',
                f'<rect x="128" y="{y}" width="{width:.1f}" height="15" fill="{colour}"/>',
                f'<text x="{134 + width:.1f}" y="{y + 12}">{record["requests_per_s"]:,.0f}</text>',
            ]
            y += 19
        y += 8
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {y}" font-family="sans-serif" font-size="12"'
        ' role="img"><title>Requests per second through Nginx</title><rect width="100%" height="100%" fill="#fff"/>'
    )
    return head + "".join(parts) + "</svg>\n"


if __name__ == "__main__":
    sys.exit(main())
