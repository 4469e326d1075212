"""What each command for this checkout does: its models, its tests and benchmarks, its generated files."""

import os
import subprocess
from argparse import Namespace

from deploy.base import ownership, toolchain, variables
from deploy.base.console import Console
from deploy.base.locks import exclusive
from deploy.base.paths import KIT, state, tool
from deploy.environments.addresses import in_url
from deploy.generate import requirements

MAX_PROCESSES = 4
"""That run tests in parallel: the longest group belongs to one process, so more wouldn't finish before it."""


def test(console: Console, options: Namespace) -> int:
    """Run pytest, its own lines on the screen; its exit status is ours."""
    toolchain.prepare(console)
    tools = toolchain.TOOLS | toolchain.SANDBOX | toolchain.REHEARSAL | toolchain.BROWSER | toolchain.UNITS
    toolchain.require(console, tools)
    command = [tool("python"), "-m", "pytest", *(options.pytest or _parallel_options())]
    console.say(f"    {' '.join(command)}")
    with exclusive(state("locks", "test"), "another test run is in progress in this checkout"):
        return subprocess.run(command, cwd=KIT, env=variables.in_venv()).returncode


def model(console: Console, options: Namespace) -> int:
    """Run a command for models, which needs more than bare Python; paths count from the user's working directory."""
    toolchain.prepare(console)
    if options.arguments[:1] in (["add"], ["check"], ["build"]):
        toolchain.require(console, toolchain.sandbox())
    command = [tool("python"), "-m", "deploy.models.cli", *options.arguments]
    return subprocess.run(command, env=variables.in_venv() | {"PYTHONPATH": str(KIT)}).returncode


def bench(console: Console, options: Namespace) -> int:
    """Load Puerto and its peers on a host of their own; or, with --hostile, send Puerto alone what strangers may."""
    toolchain.prepare(console)
    toolchain.require(console, toolchain.for_models() | toolchain.REHEARSAL)
    arguments = [argument for argument in options.arguments if argument != "--hostile"]
    program = "hostile.py" if len(arguments) < len(options.arguments) else "serving.py"
    command = [tool("python"), f"tests/bench/{program}", *arguments]
    return subprocess.run(command, cwd=KIT, env=variables.in_venv()).returncode


def write_requirements(console: Console, options: Namespace) -> int:
    """Write requirements.txt, for platforms that install with pip."""
    ownership.require(*(file for file in [requirements.PAGE] if file.exists()))
    requirements.PAGE.write_text(requirements.text(), encoding="utf-8")
    console.say(f"{requirements.PAGE.name}: written from Pipfile.lock")
    return 0


def generate(console: Console, options: Namespace) -> int:
    """Write every generated file, which needs more than bare Python."""
    toolchain.prepare(console)
    return subprocess.run([tool("python"), "-m", "deploy.generate"], cwd=KIT, env=variables.in_venv()).returncode


def dev(console: Console, options: Namespace) -> int:
    """Serve the application from this checkout until interrupted."""
    toolchain.prepare(console)
    toolchain.require(console, toolchain.for_models())
    console.run([tool("python"), "-m", "deploy.models.builder"], cwd=KIT, env=variables.in_venv())
    address = f"{in_url(options.host)}:{options.port}"
    if options.gunicorn:
        command = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "--bind", address, "wsgi:app"]
    else:
        # The debugger runs code for whoever reaches it: on this machine alone.
        debug = ["--debug"] if options.host in ("127.0.0.1", "::1", "localhost") else []
        listen = ["--host", options.host, "--port", str(options.port)]
        command = [tool("flask"), "--app", "wsgi", "run", *debug, *listen]
    console.say(f"    {' '.join(command)}\n    http://{address}/   (Ctrl+C stops it)")
    os.chdir(KIT)
    os.execve(command[0], command, variables.in_venv())


def _parallel_options() -> list[str]:
    """Return pytest's options to run all tests in parallel: while one process waits for hosts, the others compute."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # macOS has none
    processes = min(cores + 1, MAX_PROCESSES)
    return ["--numprocesses", str(processes), "--no-loadscope-reorder"]
