"""What a stranger's file can't do while ``model add`` looks at it: nothing changes, it ends, a sentence says why."""

import json
import os
import re
import signal
import socket
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deploy.base.errors import DeployError
from deploy.base.paths import KIT, tool
from deploy.models import importer, scikit_learns
from deploy.models.sandbox import bubblewrap, replies
from tests.models import hostile
from tests.models.attacks import ATTACKS, ENDLESS
from tests.models.lies import LIES, TRUTH
from tests.run import FULL

SECONDS = 15 if FULL else 8
"""That a file's code gets in these tests."""

MOST_SECONDS = 2 * bubblewrap.START_SECONDS + SECONDS + bubblewrap.END_SECONDS
"""After which it is gone: two sandboxes start, which is this machine's time, and the second opens the file."""

STAYS_SECONDS = 60
"""That a process lasts which nobody may wait for."""

TABLE = pd.DataFrame(hostile.ROWS, columns=["u", "v"]).assign(y=hostile.HIGH).to_csv(index=False)
MARKED = (Path("/"), Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path("/run"), Path.home(), KIT)


@dataclass(frozen=True)
class Attempt:
    """How a file was refused, and what it left: nothing."""

    file: Path
    refusal: DeployError
    seconds: float
    before: dict[str, Any]
    after: dict[str, Any]


class Project:
    """A project of its own with a victim beside it, and a listener on two sockets."""

    def __init__(self, folder: Path, values: dict[str, Any]) -> None:
        self.folder, self.models, self.bundles = folder, folder / "project" / "models", folder / "project" / "bundles"
        self.models.mkdir(parents=True)
        (folder / "victim").write_text("hunter2")
        (folder / "table.csv").write_text(TABLE)
        self._values = values | {"PROJECT": str(folder / "project"), "VICTIM": str(folder / "victim")}

    def add(self, kind: str, code: str) -> Attempt:
        """Add a file with that code, and return what came of it."""
        file = self.folder / f"stranger.{kind}"
        hostile.KINDS[kind](file, hostile.source(code, **self._values))
        before, began = self.listing, time.monotonic()
        with pytest.raises(DeployError) as refusal:
            importer.add(
                file, data=self.folder / "table.csv", target="y", trust=True, models=self.models, bundles=self.bundles,
                code=[*self.folder.glob(hostile.OWN_CODE)],
            )  # fmt: skip
        return Attempt(file, refusal.value, time.monotonic() - began, before, self.listing)

    @property
    def listing(self) -> dict[str, Any]:
        """All that is there: name → mode, size, time, content."""
        return {
            str(path): (status.st_mode, status.st_size, status.st_mtime_ns, path.is_file() and path.read_bytes())
            for path in sorted(self.folder.rglob("*"))
            for status in [path.lstat()]
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Project]]:
    """Make projects; at the end no process of a sandbox is left, and no mark anywhere."""
    with (
        pytest.MonkeyPatch.context() as patched,
        socket.create_server(("127.0.0.1", 0)) as plug,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        patched.delenv(bubblewrap.NO_SANDBOX, raising=False)
        scikit_learns.installed(hostile.ANOTHER)  # which may take minutes, and is no attempt's fault
        name = f"puerto-{os.getpid()}"
        abstract.bind("\0" + name)
        abstract.listen()
        values = {
            "HOME": str(Path.home()),
            "ROOT": str(KIT),
            "MARK": hostile.MARK,
            "PORT": plug.getsockname()[1],
            "ABSTRACT": name,
            "PARENT": os.getpid(),
        }
        yield lambda: Project(tmp_path_factory.mktemp("hostile"), values)
        require_no_workers(tmp_path_factory.getbasetemp())
        assert [mark for folder in MARKED if folder.is_dir() for mark in folder.glob(f"{hostile.MARK}*")] == []


def require_no_workers(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while left := [entry.name for entry in Path("/proc").glob("[0-9]*") if opens_a_model(entry, folder)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def opens_a_model(process: Path, folder: Path) -> bool:
    """Tell whether a process is a sandbox's that can see a file of the folder: others' tests may run beside."""
    command = f"{tool('python')}\0-m\0{bubblewrap.WORKER}".encode()
    try:
        return (process / "cmdline").read_bytes().startswith(command) and str(folder) in (
            process / "mountinfo"
        ).read_text()
    except OSError:
        return False


@pytest.fixture(scope="module")
def attacked(project: Callable[[], Project]) -> dict[str, Attempt]:
    """Kind of file → what came of one that tries every attack."""
    return {kind: project().add(kind, hostile.every_attack()) for kind in hostile.KINDS}


@pytest.mark.parametrize("kind", hostile.KINDS)
@pytest.mark.parametrize("what", ATTACKS)
def test_code_in_a_file_is_shut_in(attacked, kind, what):
    attempt = attacked[kind]
    assert attempt.refusal.reason.startswith(str(attempt.file))
    tried, out = re.search(r"tried (\d+), got out by \[([\d, ]*)\]", attempt.refusal.reason).groups()
    assert int(tried) == len(ATTACKS)
    assert str([*ATTACKS].index(what)) not in out.split(", "), attempt.refusal.reason
    assert attempt.after == attempt.before


def test_code_of_a_file_of_another_scikit_learn_was_shut_in_with_that_one(project):
    attempt = project().add("pickle", "raise RuntimeError('opened by ' + __import__('sklearn').__version__)")
    assert f"opened by {hostile.ANOTHER}" in attempt.refusal.reason


@pytest.fixture(scope="module")
def ended(project: Callable[[], Project]) -> dict[tuple[str, str], Attempt]:
    """Kind of file, what it does → what came of it; two at a time, for most of them only wait."""
    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(4) as pool:
        patched.setattr(bubblewrap, "SECONDS", SECONDS)
        tried = {
            (kind, what): pool.submit(project().add, kind, code)
            for what, code in ENDLESS.items()
            for kind in kinds(what)
        }
        return {key: attempt.result() for key, attempt in tried.items()}


def kinds(what: str) -> list[str]:
    """All for what differs in how it is ended, one for the rest."""
    return [*hostile.KINDS] if what in ("never ends", "prints without end") else ["joblib"]


CASES = [(kind, what) for what in ENDLESS for kind in kinds(what)]


@pytest.mark.parametrize(("kind", "what"), CASES)
def test_code_in_a_file_comes_to_an_end(ended, kind, what):
    attempt = ended[kind, what]
    assert attempt.seconds < MOST_SECONDS
    assert attempt.after == attempt.before
    assert attempt.refusal.reason.startswith(str(attempt.file))
    assert len(attempt.refusal.reason) < 600
    assert "PUERTO_NO_SANDBOX" not in attempt.refusal.reason + attempt.refusal.advice


@pytest.mark.parametrize("lie", LIES)
def test_answer_that_is_none_is_refused(lie):
    line = json.dumps(LIES[lie]).encode()
    if lie == "a file that doesn't come":
        assert replies.decode(line, replies.Description, "stranger.joblib").attached == 10
        return
    with pytest.raises(DeployError, match=r"^stranger\.joblib: what was found in it can't be used"):
        replies.decode(line, replies.Description, "stranger.joblib")


def test_answer_of_truth_is_taken():
    assert replies.decode(json.dumps(TRUTH).encode(), replies.Description, "stranger.joblib").labels == [0, 1]


@pytest.mark.parametrize("lie", ["a line break in the estimator", "a file that doesn't come", "a list"])
def test_answer_of_a_file_s_own_code_reaches_no_file(project, lie, monkeypatch):
    monkeypatch.setattr(bubblewrap, "SECONDS", SECONDS)
    attempt = project().add("joblib", hostile.answers(LIES[lie]))
    assert attempt.refusal.reason.startswith(str(attempt.file))
    assert attempt.after == attempt.before


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5000, "", "null", '"fault"', "{}", '{"fault": 3}', "\ufeff{}"])
def test_line_that_is_no_answer_is_refused(text):
    with pytest.raises(DeployError, match=r"^stranger\.joblib: what was found in it can't be used"):
        replies.decode(text.encode(), replies.Description, "stranger.joblib")


def test_words_of_a_file_s_own_code_are_shown_without_escapes(project):
    for code in (
        "raise RuntimeError('\\x1b[2J\\x9b\\u202e\\nsudo rm')",
        "os.write(2, b'\\x1b]0;title\\x07\\x1b[2J'); os._exit(3)",
        hostile.answers({"fault": "\x1b[2J\n\u202erm", "advice": "\x1b[2J" + "x" * 5000}),
    ):
        refusal = project().add("joblib", code).refusal
        message = refusal.reason + refusal.advice
        assert not [letter for letter in message if unicodedata.category(letter) in ("Cc", "Zl")]
        assert "\u202e" not in message
        assert len(message) < 1500


STAYS = f"""
import os, sys, time
sys.stdout.write("{{}}\\n")
sys.stdout.flush()
sys.stdin.readline()
if not os.fork():
    os.setsid()
    print(os.getpid(), file=sys.stderr, flush=True)
    time.sleep({STAYS_SECONDS})
os._exit(0)
"""


def test_process_that_stays_with_the_pipes_holds_up_nobody():
    """As it can be without a sandbox, where a process can start another."""
    process = bubblewrap.start_process([sys.executable, "-c", STAYS], {}, [])
    sandbox = bubblewrap.Sandbox(Path("stranger.joblib"), process)
    sandbox.wait_until_ready()
    began = time.monotonic()
    with pytest.raises(DeployError, match=r"ended the process that opened it: \d+") as refusal:
        sandbox.run("untrusted_types", replies.UntrustedTypes)
    sandbox.close()
    assert time.monotonic() - began < STAYS_SECONDS
    os.kill(int(re.search(r"(\d+)$", refusal.value.reason)[1]), signal.SIGKILL)
    assert threading.active_count() <= 2
