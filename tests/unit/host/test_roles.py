"""Conditions of the roles' tasks, evaluated by Ansible without a host."""

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from deploy.base.paths import KIT

PACKAGES = KIT / "ansible" / "roles" / "packages"


@pytest.mark.parametrize("lacking", [["nginx"], []], ids=["first run", "after one that was cut off"])
def test_nginx_may_start_again_whenever_it_may_have_been_kept_from_it(lacking):
    loader = DataLoader()
    tasks = loader.load_from_file(str(PACKAGES / "tasks" / "main.yml"), trusted_as_template=True)
    variables = loader.load_from_file(str(PACKAGES / "vars" / "main.yml"), trusted_as_template=True)
    variables["preflight_host"] = {"ipv6": False, "packages": lacking, "package_lists": True}
    (condition,) = (task["when"] for task in tasks if task["name"] == "Let Nginx start")
    assert Templar(loader, variables=variables).evaluate_conditional(condition)
