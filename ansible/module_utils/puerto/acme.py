"""The site's certificate by ACME: asked for, renewed, loaded. Until a name has one, it is answered by HTTP."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import nginx, reachability, systemd
from .acme_record import PLACEHOLDER, is_placeholder, last_failure, last_result, write_result
from .certbot import Certbot, UnreachedNameError
from .certificates import Pair, openssl
from .errors import HostError
from .files import replace_symlink, write
from .layout import Application
from .lock import Lock
from .plan import Plan

MODE = "acme"
PLACEHOLDER_DAYS = 3650


class AcmeCertificate:
    """The certificate that Nginx shows, behind a link that leads to it and its key: both change at once.

    Args:
        root: the application's folder.
        names: the site's.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.names = list(names)
        self.folder = root / "tls"
        self.link = self.folder / MODE
        self.redirected = root / "shared" / "https"

    @property
    def pair(self) -> Pair:
        """What the link leads to.

        Raises:
            OSError: nothing.
        """
        return Pair.read(str(self.link / "site.pem"), str(self.link / "site.key"))

    def missing(self) -> list[str]:
        """Return the names that no valid certificate of an authority is there for."""
        if is_placeholder(self.link):
            return self.names
        try:
            pair = self.pair
            return [name for name in self.names if pair.faults([name])]
        except (OSError, ValueError):
            return self.names

    def is_prepared(self) -> bool:
        """Return whether Nginx has something to read."""
        return (self.link / "site.key").is_file() and (self.link / "site.pem").is_file()

    def prepare(self, shown: Pair | None = None) -> bool:
        """Have something for Nginx to read before there is a certificate; return that this changes something.

        Args:
            shown: what the site shows now: visitors go on with it, if it is for them.
        """
        folder = self.folder / PLACEHOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        files = folder / "site.pem", folder / "site.key"
        if shown and not shown.faults(self.names):
            write(files[0], shown.certificate)
            write(files[1], shown.key, 0o600)
        else:
            key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(files[1]))
            subject = ("-subj", "/O=Puerto/CN=not yet a certificate", "-days", str(PLACEHOLDER_DAYS))
            openssl("req", "-x509", *key, *subject, "-out", str(files[0]))
        replace_symlink(self.link, folder.name)
        return True

    def place(self, certificate: Path, key: Path) -> None:
        """Have the link lead to a copy of a certificate and its key; those before are removed.

        Raises:
            HostError: visitors would refuse it.
        """
        pair = Pair.read(str(certificate), str(key))
        if faults := pair.faults(self.names):
            raise HostError("\n".join(faults))
        folder = self.folder / f"acme-{hashlib.sha256(pair.certificate.encode()).hexdigest()[:12]}"
        folder.mkdir(mode=0o700, exist_ok=True)
        write(folder / "site.key", pair.key, 0o600)
        write(folder / "site.pem", pair.certificate)
        replace_symlink(self.link, folder.name)
        for other in self.folder.glob("acme-*"):
            if other != folder:
                shutil.rmtree(other)

    def must_redirect(self) -> bool:
        """Return whether visitors of some name aren't sent where its certificate says that they should be."""
        return self._sent_on() != set(self.names) - set(self.missing())

    def redirect(self) -> None:
        """Have visitors of each name with a certificate be sent on to HTTPS, and those of others be answered."""
        self.redirected.mkdir(mode=0o755, exist_ok=True)
        expected, present = set(self.names) - set(self.missing()), self._sent_on()
        for name in present - expected:
            (self.redirected / name).unlink()
        for name in expected - present:
            (self.redirected / name).touch(mode=0o644)

    def _sent_on(self) -> set[str]:
        return {file.name for file in self.redirected.iterdir()} if self.redirected.is_dir() else set()


def obtain(application: Application) -> None:
    """Have a certificate for all names that isn't due to be renewed, and write down how that went.

    Raises:
        HostError: it can't be had; the one before stays.
    """
    if plan := _acme_plan(application):
        try:
            _obtain(application, plan)
        except (HostError, OSError) as fault:
            write_result(_link(application), str(fault))
            raise HostError(str(fault)) from fault
        write_result(_link(application))


def load(application: Application) -> None:
    """Have Nginx load the certificate, if it hasn't, and send visitors on to HTTPS.

    Raises:
        HostError: Nginx can't, and goes on with what it had.
    """
    if plan := _acme_plan(application):
        text = (application.folder(plan.id) / "site.conf").read_text(encoding="utf-8")
        with Lock(application).exclusive("the certificate's renewal"):
            if not nginx.is_loaded(application, plan, text):
                try:
                    nginx.load(application, plan, text)
                except HostError as fault:
                    write_result(_link(application), f"the certificate is there, but Nginx can't load it: {fault}")
                    raise
            AcmeCertificate(application.root, plan.server_names).redirect()


def start(application: Application) -> None:
    """Have the unit that renews it obtain and load it now.

    Raises:
        HostError: it can't be had; why, and how the site goes on.
    """
    try:
        systemd.systemctl("start", f"{application.unit}-certificate.service")
    except HostError as fault:
        reason = last_result(_link(application))["reason"] or str(fault)
        names = ", ".join(missing(application))
        rest = f"{names} goes on by HTTP alone. Then run this again" if names else "it is tried again twice a day"
        raise HostError(f"{reason}\nThe release is current; {rest}.") from fault


def missing(application: Application) -> list[str]:
    """Return the names that are to have such a certificate, and have none."""
    plan = _acme_plan(application)
    return AcmeCertificate(application.root, plan.server_names).missing() if plan else []


def is_settled(application: Application) -> bool:
    """Return whether the site has what it needs: a certificate for each name, loaded, and no failure since."""
    plan = _acme_plan(application)
    if plan is None:
        return True
    certificate = AcmeCertificate(application.root, plan.server_names)
    is_well = not certificate.missing() and not certificate.must_redirect()
    return is_well and not last_failure(certificate.link)


def _obtain(application: Application, plan: Plan) -> None:
    certbot = Certbot(application.root / "acme")
    certificate = AcmeCertificate(application.root, plan.server_names)
    challenges = application.root / "challenges"
    if missing := certificate.missing():
        found = reachability.obstacles(missing, challenges)
        if found.certain:
            raise HostError("\n".join(found.certain))
    try:
        if missing:
            certbot.rehearse(plan.server_names)
        certbot.obtain(plan.server_names)
    except UnreachedNameError as fault:
        found = reachability.obstacles(plan.server_names, challenges)
        raise HostError("\n".join([str(fault), *found.certain, *found.possible]), fault.output) from fault
    certificate.place(*certbot.pair)


def _acme_plan(application: Application) -> Plan | None:
    """Return the current release's plan, if its site has such a certificate."""
    plan = application.plan(application.current) if application.current else None
    return plan if plan and plan.https == MODE else None


def _link(application: Application) -> Path:
    return application.root / "tls" / MODE
