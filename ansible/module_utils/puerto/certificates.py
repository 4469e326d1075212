"""A site's certificate and its key: whether Nginx can use them, and until when visitors take them."""

import re
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from . import acme_record
from .errors import HostError
from .plan import Plan

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
IN_SITE = re.compile(r"^\s*ssl_certificate (\S+);$", re.MULTILINE)
KEY_IN_SITE = re.compile(r"^\s*ssl_certificate_key (\S+);$", re.MULTILINE)
DAY_SECONDS = 86400


@dataclass(frozen=True)
class Pair:
    """A certificate, followed by those that signed it, and its key; both as PEM.

    Attributes:
        certificate_path: what the operator calls the certificate, for sentences.
        key_path: the same of the key.
    """

    certificate: str
    key: str
    certificate_path: str
    key_path: str

    @classmethod
    def read(cls, certificate_path: str, key_path: str) -> Self:
        """Read both files.

        Raises:
            OSError: one of them can't be read.
        """
        certificate, key = (Path(path).read_text(encoding="utf-8") for path in (certificate_path, key_path))
        return cls(certificate, key, certificate_path, key_path)

    def faults(self, names: Sequence[str]) -> list[str]:
        """Return a sentence for each reason why a site of these names can't show this certificate."""
        certificates = CERTIFICATE.findall(self.certificate)
        if not certificates:
            return [f"{self.certificate_path}: holds no certificate (PEM: it begins with -----BEGIN CERTIFICATE-----)."]
        try:
            public_keys = [openssl("x509", "-noout", "-pubkey", text=text) for text in certificates]
        except HostError as fault:
            return [f"{self.certificate_path}: can't be read: {fault}."]
        return [*self._key_faults(public_keys), *self._date_faults(), *self._name_faults(names)]

    def _key_faults(self, public_keys: list[str]) -> Iterator[str]:
        try:
            own = openssl("pkey", "-pubout", "-passin", "pass:", text=self.key)
        except HostError:
            if "ENCRYPTED" in self.key:
                way = f"write it without one (openssl pkey -in {self.key_path} -out …)"
                yield f"{self.key_path}: has a passphrase, which nobody could give Nginx when it starts: {way}."
            else:
                yield f"{self.key_path}: holds no private key that OpenSSL can read."
            return
        if own in public_keys[1:] and own != public_keys[0]:
            place = f"certificate {public_keys.index(own) + 1} in {self.certificate_path}"
            yield f"{place} is the one of {self.key_path}: it must come first, before those that signed it."
        elif own != public_keys[0]:
            way = "give the two that belong together"
            yield f"{self.key_path} is the key of another certificate than {self.certificate_path}: {way}."

    def _date_faults(self) -> Iterator[str]:
        start, end = validity(self.certificate)
        if end < time.time():
            yield f"{self.certificate_path}: expired on {_day(end)}: renew it first."
        elif start > time.time():
            yield f"{self.certificate_path}: isn't valid before {_day(start)}: until then browsers would refuse it."

    def _name_faults(self, names: Sequence[str]) -> Iterator[str]:
        covered = names_of(self.certificate)
        for name in names:
            if not any(_covers(pattern, name) for pattern in covered):
                others = ", ".join(covered) or "no name"
                way = "have it made for that name too, or take the name out of nginx_server_names"
                yield f"{self.certificate_path}: is for {others}, and not for {name}: {way}."


def validity(certificate: str) -> tuple[float, float]:
    """Return when a certificate begins and ends to be valid, in seconds since 1970."""
    lines = openssl("x509", "-noout", "-startdate", "-enddate", text=certificate).splitlines()
    start, end = (float(ssl.cert_time_to_seconds(line.partition("=")[2])) for line in lines)
    return start, end


def names_of(certificate: str) -> list[str]:
    """Return the host names that a certificate is for, as browsers read it: its subject doesn't count."""
    return re.findall(r"DNS:([^,\s]+)", openssl("x509", "-noout", "-ext", "subjectAltName", text=certificate))


def summary(plan: Plan) -> dict[str, Any]:
    """Return how a release speaks HTTPS: ``{"mode", "end", "days"}``; without a certificate, the mode alone.

    Where it couldn't be had or renewed, ``failure`` says since when and why.
    """
    mode, paths = plan.https or "off", IN_SITE.findall(plan.site_text)
    if not paths:
        return {"mode": mode}
    link = Path(paths[0]).parent
    if acme_record.is_placeholder(link):
        return {"mode": mode, "fault": acme_record.last_failure(link) or "there is no certificate yet"}
    failure = acme_record.last_failure(link)
    try:
        end = validity(Path(paths[0]).read_text(encoding="utf-8"))[1]
    except (HostError, OSError, ValueError) as fault:
        return {"mode": mode, "fault": f"{paths[0]}: {fault}"}
    dates = {"end": _day(end), "days": int((end - time.time()) // DAY_SECONDS)}
    return {"mode": mode, **dates, **({"failure": failure} if failure else {})}


def shown(plan: Plan) -> Pair | None:
    """Return what a release's site shows; None if that is nothing, or can't be read."""
    paths, keys = IN_SITE.findall(plan.site_text), KEY_IN_SITE.findall(plan.site_text)
    try:
        return Pair.read(paths[0], keys[0]) if paths and keys else None
    except (OSError, ValueError):
        return None


def openssl(*arguments: str, text: str = "") -> str:
    """Run OpenSSL's program, with a text as its input, and return what it prints.

    Raises:
        HostError: it fails; its first line. Or it isn't there.
    """
    try:
        done = subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True)
    except FileNotFoundError as fault:
        raise HostError("OpenSSL's program isn't installed (apt-get install openssl)") from fault
    if done.returncode:
        raise HostError(next(iter(done.stderr.splitlines()), "") or f"openssl {arguments[0]} failed")
    return done.stdout


def _covers(pattern: str, name: str) -> bool:
    """Return whether a name in a certificate covers a host name; a ``*`` stands for its first label."""
    if pattern.startswith("*."):
        return name.partition(".")[2].lower() == pattern[2:].lower() != ""
    return pattern.lower() == name.lower()


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
