"""Who is at work with the package manager, by its locks: real ones, of processes of this machine."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest
from puerto import package_manager

HOLD = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); input()"


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "lock-frontend"
    file.touch()
    monkeypatch.setattr(package_manager, "LOCKS", (str(tmp_path / "absent"), str(file)))
    return file


def test_nobody_holds_a_free_lock(lock):
    assert package_manager.holder() is None


def test_holder_of_a_lock_is_found_until_it_ends(lock):
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        holder = package_manager.holder()
        assert package_manager.wait(0.1) == holder
        process.communicate("\n")
    assert holder is not None and holder.pid == process.pid
    assert package_manager.wait(1) is None


def test_looking_takes_no_lock(lock):
    assert package_manager.holder() is None
    with lock.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_who_may_not_ask_is_told_of_nobody(lock, monkeypatch):
    """Its mode is 0640: without root the preflight says that root is needed, and no more."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(lock))

    monkeypatch.setattr(Path, "open", refuse)
    assert package_manager.holder() is None
