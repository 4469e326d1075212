"""Why a task failed: what is quoted, and what is advised only where it is certain."""

import os

import pytest

from deploy.base.console import run
from deploy.base.errors import DeployError
from deploy.environments import causes, passwords

NOT_JSON = "Task failed: Module result deserialization failed: No start of json char found"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ({"censored": "hidden", "msg": "secret"}, "its output is kept secret (no_log)"),
        ({"msg": NOT_JSON, "module_stdout": "hi\n", "module_stderr": "", "rc": 0},
         "it didn't run what was asked of it, but said: hi (status 0)"),
        ({"msg": NOT_JSON, "module_stdout": "", "module_stderr": "Connection to 192.0.2.1 closed.\n", "rc": 1},
         "it didn't run what was asked of it, but said nothing (status 1)"),
        ({"msg": "non-zero return code", "stdout": "one\ntwo\n", "stderr": "", "rc": 1}, "one\ntwo"),
        ({"msg": "non-zero return code", "stderr": "\x1b[31mERROR: no\x1b[0m\n", "rc": 1}, "ERROR: no"),
        ({"msg": "It runs Debian 11; Puerto needs 12."}, "It runs Debian 11; Puerto needs 12."),
        ({"msg": "Task failed: Failed to create temporary directory. In some cases, … Failed command was: ( umask 77 "
                 "&& mkdir -p \"` echo /home/ada/.ansible/tmp `\"&& mkdir x ), exited with result 1"},
         "ada can't make a folder in /home/ada/.ansible/tmp on the host, where Ansible needs one"),
    ],
)  # fmt: skip
def test_reason(failure, reason):
    assert causes.reason(failure, "ada@192.0.2.1") == reason


def test_what_a_module_itself_says_is_not_taken_for_the_hosts_refusal():
    message = "probe: the release doesn't answer\nThe last lines: your password has expired"
    assert causes.reason({"msg": message}, "ada@192.0.2.1") == message


def test_user_is_not_made_up():
    failure = {"msg": NOT_JSON, "module_stdout": "This account is currently not available.\n", "rc": 1}
    assert causes.reason(failure, "192.0.2.1").startswith("the login shell of this user is nologin")


def test_password_is_read_once_from_its_pipe():
    with passwords.in_pipe("secret") as reader:
        assert os.read(reader, 100) == b"secret"
        assert os.read(reader, 100) == b""
    with passwords.in_pipe("") as reader:
        assert reader is None


def test_last_line_of_a_program_has_no_colours():
    with pytest.raises(DeployError, match=r"^sh: broken$"):
        run(["sh", "-c", r"printf '\033[31mbroken\033[0m\n\033[0m\n'; exit 1"])
    with pytest.raises(DeployError, match=r"^sh: exit status 3$"):
        run(["sh", "-c", "exit 3"])
