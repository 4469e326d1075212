"""The texts of an application as Ansible renders them on the operator's machine, without a host."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from puerto import build, systemd
from puerto.layout import UNITS, Application
from puerto.nginx import ENABLED
from puerto.plan import Plan

from deploy.base.paths import KIT
from deploy.generate import options_page
from tests import plugins
from tests.scenarios import SMALL

PROJECT = KIT / "ansible"
PACKED = {
    "content": "0123456789ab",
    "virtualenv": "virtualenvs/ba9876543210",
    "manifest": {"commit": "f00"},
    "path": "/tmp/0123456789ab.tar.gz",
}
SECRET = "x" * 64
ALONE = {"default_server": "", "default_server_https": "", "https_beside": False, "bucket_size": "",
         "variables_bucket_size": ""}  # fmt: skip
"""What the preflight says of a host whose Nginx has no other sites."""


PLUGIN = plugins.load("puerto_release")


@dataclass(frozen=True)
class Rendering:
    """What is made of the defaults and an environment's values.

    Attributes:
        values: option → value, where it differs from the default.
    """

    values: dict[str, Any]

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """What the module puerto_release is given."""
        task = {"state": "current", "packed": PACKED, "archive": "/srv/a.tar.gz"}
        return PLUGIN.with_plan(task, self._variables, self._templar, self._loader)

    @cached_property
    def plan(self) -> Plan:
        return Plan.read(self.arguments["plan"])

    @cached_property
    def application(self) -> Application:
        return Application(Path(self.option("app_root")), self.plan.unit)

    def option(self, name: str) -> Any:
        """Return an option's value."""
        return self._templar.template(self._variables[name])

    def render(self, template: str) -> str:
        """Return the text of a template, whose path counts from the checkout."""
        lookup = lookup_loader.get("template", loader=self._loader, templar=self._templar)
        return str(lookup.run([str(KIT / template)], variables=self._variables)[0])

    @cached_property
    def site(self) -> str:
        return self.plan.site_text

    @cached_property
    def unit(self) -> str:
        """The unit of the release, as the host writes it."""
        return self.plan.unit_text.replace(systemd.RELEASE, self.plan.id)

    @cached_property
    def nginx_files(self) -> dict[Path, str]:
        """File on the host → text, of all that Nginx reads."""
        unknown_hosts = Path(self.option("__nginx_unknown_hosts"))
        return {ENABLED / self.plan.app_name: self.site, unknown_hosts: self.render("nginx/unknown_hosts.conf.j2")}

    @cached_property
    def unit_files(self) -> dict[Path, str]:
        """File on the host → text, of all that systemd reads."""
        kinds = ["boot.service"]
        if self.plan.https == "acme":
            kinds += ["certificate.service", "certificate.timer"]
        beside = {UNITS / f"{self.plan.unit}-{kind}": self.render(f"systemd/flask_app-{kind}.j2") for kind in kinds}
        return {UNITS / self.application.service(self.plan.id): self.unit, **beside}

    @cached_property
    def environment_file(self) -> str:
        """The text of the release's .env, as the host writes it."""
        return build.env_text(self.plan.settings, SECRET)

    @cached_property
    def _loader(self) -> DataLoader:
        return DataLoader()

    @cached_property
    def _variables(self) -> dict[str, Any]:
        defaults = self._loader.load_from_file(str(options_page.DEFAULTS), trusted_as_template=True)
        return defaults | {"playbook_dir": str(PROJECT), "preflight_host": ALONE} | self.values

    @cached_property
    def _templar(self) -> Templar:
        return Templar(self._loader, variables=self._variables)


DEFAULTS = Rendering({})
CHANGED = Rendering(SMALL)
CHANGED_CACHE = Rendering(SMALL | {"nginx_cache_mib": 20})
"""Every option changed, and the cache kept."""

SECOND = Rendering({"app_name": "second-one"})
"""An application beside the default one: a name of its own is enough."""

OWN = Rendering({"nginx_https": "own", "nginx_hsts_seconds": 63072000, "nginx_certificate": "/srv/full.pem"})
"""With a certificate that the operator has."""

ACME = Rendering({"nginx_https": "acme"})
"""With one that an authority signs and renews."""

LONG = Rendering({"app_name": "a-name-that-is-as-long-as-it-be"})
"""With a name of as many characters as it may have."""

SHOP = "/etc/nginx/sites-enabled/shop"
BESIDE = Rendering(
    {
        "nginx_https": "local",
        "preflight_host": {
            "default_server": SHOP,
            "default_server_https": SHOP,
            "https_beside": False,
            "bucket_size": "/etc/nginx/x",
            "variables_bucket_size": "/etc/nginx/x",
        },
    }
)
"""An application beside a site that answers all other names."""

SCENARIOS = {
    "every default": [DEFAULTS],
    "everything changed": [CHANGED],
    "with a certificate of one's own": [OWN],
    "with a certificate by ACME": [ACME],
    "everything changed, with a cache": [CHANGED_CACHE],
    "beside a site that answers all other names": [BESIDE],
    "two applications": [DEFAULTS, SECOND],
    "two applications, one with a long name": [DEFAULTS, LONG],
    "two applications, everything changed": [DEFAULTS, CHANGED_CACHE],
}
"""What one host may have → its applications."""
