"""Loads Puerto and its peers on one host in one run: ``python3 -m deploy bench``.

Each peer is installed in a virtual environment of its own, and configured as its documentation recommends for
production.
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
from deploy.models.training_module import training
from deploy.rehearsal import hosts as rehearsal
from tests.checkout import copied
from tests.inventory import rendered

HERE = Path(__file__).parent
NAME = "bench"
DEBIAN = "12"
"""Some peers support no newer Python than this release's."""

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
    workload = (options.systems, options.models, options.workers, options.seconds)
    console = Console("bench", sys.stderr)
    try:
        host, values = _provisioned_host(console, options.models)
        try:
            records, versions = measure(console, host, values, *workload)
        finally:
            rehearsal.down(NAME)
    except DeployError as error:
        print(f"{error.reason} {error.advice}".strip(), file=sys.stderr)
        return 1
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    machine = f"{os.cpu_count()} cores, Debian {DEBIAN}, {packages}"
    print(table(records))
    print(f"\nRequests per second, {options.seconds} s each, 16 connections. {machine}.")
    if options.json:
        complete = [record | {"versions": versions, "machine": machine} for record in records]
        options.json.write_text(json.dumps(complete, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        options.svg.write_text(picture(records), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    text = "Load Puerto and its peers on one host, in one run."
    parser = argparse.ArgumentParser(prog="python3 -m deploy bench", description=text)
    parser.add_argument(
        "--systems", nargs="+", choices=SYSTEMS, default=[*SYSTEMS], metavar="NAME", help=", ".join(SYSTEMS)
    )
    parser.add_argument("--models", nargs="+", choices=ALL, default=[*ALL], metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--workers", nargs="+", type=int, default=[2, 4], metavar="N", help="worker processes (2 4)")
    parser.add_argument("--seconds", type=int, default=5, help="seconds of load for each figure (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the records to this file")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the figures into this file")
    return parser.parse_args()


def _provisioned_host(console: Console, models: list[str]) -> tuple[rehearsal.Host, dict[str, Any]]:
    """Return a host on which Puerto serves the models, from a copy of this checkout with them, and its options."""
    copy = copied(state("bench", "project"))
    for model in models:
        shutil.copytree(model_folder(model), copy / "models" / model, dirs_exist_ok=True)
    rehearsal.down(NAME)
    host = rehearsal.up(console, NAME, DEBIAN)
    inventory = state("bench", "hosts.yml")
    inventory.write_text(rehearsal.inventory([host]))
    with console.step(f"Provision {NAME}"):
        console.run([tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"], cwd=copy)
    return host, rendered(str(inventory))[host.name]


def model_folder(model: str) -> Path:
    """Return where a model is, Puerto's own or the benchmark's."""
    return MODELS / model if model in OWN else HERE / "models" / model


def measure(
    console: Console,
    host: rehearsal.Host,
    values: dict[str, Any],
    systems: list[str],
    models: list[str],
    workers: list[int],
    seconds: int,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the records of all figures, and the versions of the peers; values: of Puerto's options on the host."""
    with console.step("Install the load generator"):
        _run_on(host, "command -v wrk >/dev/null || { apt-get -q update && apt-get -qy install wrk; }")
        _run_on(host, "rm -rf /opt/bench && mkdir /opt/bench && tar -x -C /opt/bench", _files(models))
    versions = {}
    for name in systems:
        if name in PACKAGES:
            with console.step(f"Install {name}"):
                versions |= _install(host, name)
    request = json.dumps({"systems": systems, "models": models, "workers": workers, "seconds": seconds})
    command = host.as_root(f"python3 /opt/bench/on_host.py {values['systemd_unit']} {values['nginx_server_names'][0]}")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(request)
        process.stdin.close()
        records = [json.loads(line) for line in process.stdout]
    if process.returncode:
        print("Some measurements are missing: see above.", file=sys.stderr)
    return records, versions


def _files(models: list[str]) -> bytes:
    """Return an archive of what the host needs: the programs, and each model's file and requests."""
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as tar:
        for name in ("on_host.py", "processes.py", "wrk.lua", "peers"):
            tar.add(HERE / name, name, filter=lambda member: None if "__pycache__" in member.name else member)
        for model in models:
            folder = model_folder(model)
            contract = read_contract(folder / builder.CONTRACT)
            file = io.BytesIO()
            joblib.dump(training(folder / builder.TRAINING).train().estimator, file)
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


def _install(host: rehearsal.Host, peer: str) -> dict[str, str]:
    """Install a peer, with Puerto's versions of the packages that they share; return package → version."""
    lock = json.loads(LOCK.read_text())["default"]
    shared = " ".join(f"{name}{lock[name]['version']}" for name in SHARED)
    folder = f"/opt/bench/venvs/{peer}"
    _run_on(host, f"python3 -m venv {folder} && {folder}/bin/pip -q install {PACKAGES[peer]} {shared}")
    packages = json.loads(_run_on(host, f"{folder}/bin/pip list --format json"))
    names = {re.split(r"[\[<]", name)[0] for name in PACKAGES[peer].replace("'", "").split()}
    return {package["name"]: package["version"] for package in packages if package["name"].lower() in names}


def _run_on(host: rehearsal.Host, command: str, stdin: bytes = b"") -> str:
    process = subprocess.run(host.as_root(command), input=stdin, capture_output=True)
    if process.returncode:
        raise DeployError(f"{command}: {process.stdout.decode()[-2000:]}{process.stderr.decode()[-2000:]}")
    return process.stdout.decode()


def table(records: list[dict[str, Any]]) -> str:
    """Return the figures of the fewest workers, with and without Nginx, as a Markdown table."""
    workers = min(record["workers"] for record in records)
    models = list(dict.fromkeys(record["model"] for record in records))
    lines = [
        f"| {workers} workers | Nginx | {' | '.join(models)} | memory | start |",
        f"|---|---|{'---:|' * (len(models) + 2)}",
    ]
    comparable = [record for record in records if record["workers"] == workers]
    for system in dict.fromkeys(record["system"] for record in records):
        for has_nginx in (True, False):
            rows = [record for record in comparable if (record["system"], record["nginx"]) == (system, has_nginx)]
            if rows:
                cells = [system, "yes" if has_nginx else "no", *_cells(rows, models)]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(records: list[dict[str, Any]], models: list[str]) -> list[str]:
    """Return a system's figures for each model, then its memory and its start."""
    by_model = {record["model"]: record for record in records}
    figures = [f"{by_model[model]['requests_per_s']:,.0f}" if model in by_model else "" for model in models]
    memory = max(record["pss_mib"] for record in records)
    starts = [record["start_s"] for record in records if record["start_s"]]
    return [*figures, f"{memory:.0f} MiB" if memory else "", f"{max(starts):.1f} s" if starts and memory else ""]


def picture(records: list[dict[str, Any]]) -> str:
    """Draw requests per second through Nginx, a bar for each system and model, as SVG."""
    workers = min(record["workers"] for record in records)
    through_nginx = [record for record in records if record["nginx"] and record["workers"] == workers]
    bars = [record for record in through_nginx if record["system"] != "nginx-static"]
    highest = max(record["requests_per_s"] for record in bars)
    parts, y = [], 10
    for model in dict.fromkeys(record["model"] for record in bars):
        parts.append(f'<text x="10" y="{y + 14}" font-weight="bold">{model}</text>')
        y += 22
        for record in (bar for bar in bars if bar["model"] == model):
            width = max(1.0, 380 * record["requests_per_s"] / highest)
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
