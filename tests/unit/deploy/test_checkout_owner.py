"""A checkout that is somebody else's, in whole or in part, or no clone: what is said, and what its releases say."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.base.toolchain import as_root
from tests.checkout import copied

STRANGER = 12345
"""A user id without an account, as containers have them."""

MANIFEST = "import json; from deploy.release import archive; print(json.dumps(archive._manifest()))"


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of this checkout, with the state of an earlier run, in a folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    copy = copied(folder / "puerto")
    (copy / ".puerto" / "locks").mkdir(parents=True)
    (copy / ".puerto" / "locks" / "production").touch()
    yield copy
    own(folder, os.getuid())
    shutil.rmtree(folder)


def own(path: Path, user: int) -> None:
    """Give a file or folder to a user, with all that is in it."""
    subprocess.run(as_root(["chown", "--recursive", "--no-dereference", str(user), path]), check=True)


@pytest.fixture
def as_stranger(checkout: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in the copy as a user without an account and without a home."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        identity = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
        command = [*identity, "env", "-u", "HOME", "/usr/bin/python3", "-m", "deploy", *arguments]
        return subprocess.run(as_root(command), cwd=checkout, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("part", [".puerto", ".puerto/locks/production", "bundles", "models/exam"])
def test_what_a_run_as_root_left_is_named_with_the_command_that_takes_it_over(checkout, as_stranger, part):
    (checkout / "bundles").mkdir()
    own(checkout, STRANGER)
    own(checkout / part, 0)
    run = as_stranger("status", "nope")
    top = checkout / Path(part).parts[0]
    assert run.stderr.splitlines() == [
        f"{checkout / part}: this user may not write to it; it belongs to root",
        f'Take it over: sudo chown -R "$(id -u)" {top}',
    ]
    own(top, STRANGER)
    assert as_stranger("status", "nope").stderr.startswith("nope: no such environment")


def test_page_that_root_wrote_is_named(checkout, as_stranger):
    own(checkout, STRANGER)
    own(checkout / "requirements.txt", 0)
    run = as_stranger("requirements")
    assert run.returncode == 1
    reason, advice, _log = run.stderr.splitlines()
    assert reason == f"{checkout / 'requirements.txt'}: this user may not write to it; it belongs to root"
    assert advice == f'Take it over: sudo chown -R "$(id -u)" {checkout / "requirements.txt"}'


def test_checkout_of_somebody_else(checkout, as_stranger):
    shutil.rmtree(checkout / ".puerto")
    own(checkout, 0)
    reason, *advice = as_stranger("status", "nope").stderr.splitlines()
    assert reason == f"{checkout}: this user may not write to it; it belongs to root"
    assert advice == [
        f'Is it yours? sudo chown -R "$(id -u)" {checkout}',
        f"If not, work in a copy of your own: cp -r {checkout} ~/puerto",
    ]


@pytest.mark.parametrize("command", ["up", "status", "verify", "doctor"])
def test_user_without_an_account_is_told_that_ssh_wants_one(checkout, as_stranger, command):
    own(checkout, STRANGER)
    run = as_stranger(command, "./ansible/inventories/example")
    assert run.returncode == 1
    assert run.stderr.startswith(f"this user, id {STRANGER}, has no entry in /etc/passwd, and ssh refuses")
    assert "Traceback" not in run.stderr


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def manifest(checkout: Path) -> dict[str, object]:
    command = [checkout / ".venv" / "bin" / "python", "-c", MANIFEST]
    return json.loads(subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout)


def test_release_from_a_clone_of_somebody_else_names_its_commit(checkout):
    git(checkout, "init", "--quiet")
    git(checkout, "add", "wsgi.py")
    git(checkout, "commit", "--quiet", "--message", "first")
    own(checkout, STRANGER)
    facts = manifest(checkout)
    assert (facts["commit"], facts["dirty"]) == (git(checkout, "rev-parse", "HEAD"), True)


def test_release_from_an_unpacked_zip_names_no_commit_of_another_repository(checkout):
    git(checkout.parent, "init", "--quiet")
    git(checkout.parent, "commit", "--quiet", "--allow-empty", "--message", "somebody's home")
    facts = manifest(checkout)
    assert (facts["commit"], facts["dirty"]) == ("", False)
