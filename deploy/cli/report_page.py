"""One page about a run: what is running where, each gate and test, the time of each step, and what visitors noticed."""

import html
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from deploy.base import engines
from deploy.base.paths import BUNDLES, state
from deploy.cli.output import https_line
from deploy.environments.inventory import Environment
from deploy.environments.playbook import Outcome

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --accent: #0b7285; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
svg {{ width: 100%; height: auto; }}
.bar {{ fill: var(--accent); }} .bad {{ fill: #c92a2a; }} text {{ fill: currentColor; font-size: 11px; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{when}</p>
{body}
</body>
</html>
"""
WIDTH, HEIGHT = 600, 120


def write(environment: Environment, outcome: Outcome, tests: Path | None = None) -> Path:
    """Write the page about a run, and return where it is.

    Args:
        environment: that the run was for.
        outcome: what the play reported about each host.
        tests: pytest's JUnit file of the host tests, if they ran.
    """
    hosts = (_host(name, report, outcome.samples.get(name, [])) for name, report in outcome.reports.items())
    body = "".join(hosts) + _models() + _tests(tests)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    path = state("reports", f"{environment.file_name}.html")
    path.write_text(
        PAGE.format(title=html.escape(f"Puerto: {environment.name}"), when=when, body=body), encoding="utf-8"
    )
    return path


def _host(name: str, report: dict[str, Any], samples: list[list[Any]]) -> str:
    release = report["release"]
    facts = [
        ("address", report["address"]),
        ("site", report["url"]),
        ("HTTPS", https_line(release.get("https", {}))),
        ("names", ", ".join(report["server_names"])),
        ("release", release["id"]),
        ("previous release", release.get("from_release") or "none"),
    ]
    parts = [f"<h2>{html.escape(name)}</h2>", _table(("", ""), facts)]
    if not release.get("seconds"):
        return "".join([*parts, "<p>The release was already there; nothing was changed.</p>"])
    steps = [(step, f"{seconds:.2f}") for step, seconds in release["seconds"].items()]
    parts += ["<h3>Steps</h3>", _table(("step", "seconds"), steps)]
    parts += ["<h3>Gates</h3>", _table(("gate", "result"), release["gates"])]
    downgrades = engines.downgrades(**release.get("engines", {"before": {}, "now": {}}))
    parts += [f"<p>{html.escape(sentence)}</p>" for sentence in downgrades]
    if downtime := release.get("downtime"):
        text = "{requests} requests at 50 a second, {failures} failed; longest gap {longest_gap_ms} ms, p99 {p99_ms} ms"
        parts += ["<h3>Visitors during the release</h3>", f"<p>{text.format(**downtime)}</p>", _plot(samples)]
    return "".join(parts)


def _plot(samples: list[list[Any]]) -> str:
    """Draw each request's latency over time; what failed is red."""
    last_s = max(start_s for start_s, *_ in samples) or 1
    max_ms = max(latency_ms for _, latency_ms, *_ in samples) or 1
    bars = []
    for start_s, latency_ms, status, release in samples:
        x, height = 30 + (WIDTH - 40) * start_s / last_s, max(1.0, (HEIGHT - 30) * latency_ms / max_ms)
        kind = "bar" if 0 < status < 500 else "bad"
        bars.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{HEIGHT - 20 - height:.1f}" width="2" height="{height:.1f}">'
            f"<title>{latency_ms} ms, {status}, release {html.escape(str(release))}</title></rect>"
        )
    axes = f'<text x="0" y="12">{max_ms:.0f} ms</text><text x="{WIDTH - 40}" y="{HEIGHT - 4}">{last_s:.1f} s</text>'
    label = "Latency of each request during the release"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{axes}{"".join(bars)}</svg>'


def _models() -> str:
    rows = []
    for file in sorted(BUNDLES.glob("*/model.json")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        scores = ", ".join(f"{name} {value:g}" for name, value in manifest["metrics"].items())
        rows.append((file.parent.name, manifest["version"], manifest["engine"], scores))
    return "<h2>Models</h2>" + _table(("model", "version", "engine", "scores"), rows)


def _tests(file: Path | None) -> str:
    if file is None or not file.exists():
        return ""
    cases = list(ElementTree.parse(file).getroot().iter("testcase"))
    rows = [(case.get("name", ""), "failed" if len(case) else "passed", case.get("time", "")) for case in cases]
    return f"<h2>Host tests: {len(rows)}</h2>" + _table(("test", "result", "seconds"), rows)


def _table(titles: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    lines = ("".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
