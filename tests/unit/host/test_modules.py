"""What Ansible's modules say of a fault on the host: a sentence, never a traceback."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

import ansible.module_utils
from ansible.module_utils import basic
from deploy.base.paths import KIT

NAMES = dict.fromkeys(
    ("app_name", "app_root", "app_user", "systemd_unit", "nginx_access_log", "nginx_error_log", "nginx_unknown_hosts"),
    "/none",
) | {"nginx_server_names": ["a.example"], "nginx_https": "off"}
REQUIREMENTS = dict.fromkeys(("disk_mib", "memory_mib", "clock"), 0) | {
    "package_index": "", "acme_directory": "", "adopt": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("module", "options", "place"),
    [
        ("puerto_adoption", {"state": "surveyed"}, "adoption.Adoption.pending"),
        ("puerto_preflight", {"requirements": REQUIREMENTS, "packages": []}, "preflight.faults"),
    ],
)
def test_file_that_can_not_be_read_is_a_sentence(module, options, place, monkeypatch, capsys):
    monkeypatch.setattr(
        ansible.module_utils, "__path__", [*ansible.module_utils.__path__, str(KIT / "ansible/module_utils")]
    )
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options | {"names": NAMES}})
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", arguments.encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
    loaded = _load(KIT / "ansible" / "library" / f"{module}.py")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/var/lib/x")

    monkeypatch.setattr(f"ansible.module_utils.puerto.{place}", refuse)
    with pytest.raises(SystemExit):
        loaded.main()
    assert json.loads(capsys.readouterr().out)["msg"] == "[Errno 13] Permission denied: '/var/lib/x'"


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
