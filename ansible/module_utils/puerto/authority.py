"""An authority of the host's own, for rehearsals: it signs the site's certificate, and can sign for no other names."""

import secrets
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .certificates import DAY_SECONDS, Pair, openssl, validity
from .errors import HostError
from .files import write

AUTHORITY_DAYS, SITE_DAYS = 3650, 397
"""For how long each is valid; browsers take no site's certificate for longer."""

RENEWED_DAYS = 30
"""Before its end, at which a run makes the site another one."""

OTHERS = 0o077
"""What others than its owner may do with a file, in its mode."""

NO_ADDRESSES = "excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::"
"""A constraint on names leaves addresses free, unless they have one of their own (RFC 5280, 4.2.1.10)."""

CONFIGURATION = "[req]\ndistinguished_name = subject\n[subject]\n"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """The authority in a folder, with the certificate that it signed.

    Args:
        folder: where the files are.
        names: the site's.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.names = list(names)
        self.certificate, self.key = folder / "authority.pem", folder / "authority.key"
        self.site_certificate, self.site_key = folder / "local.pem", folder / "local.key"

    def is_up_to_date(self) -> bool:
        """Return whether the site has a certificate of this authority, for its names, and not about to end."""
        try:
            pair = Pair.read(str(self.site_certificate), str(self.site_key))
            left = validity(pair.certificate)[1] - time.time()
            is_private = not self.site_key.stat().st_mode & OTHERS
            is_lasting = left > RENEWED_DAYS * DAY_SECONDS
            return is_private and is_lasting and not pair.faults(self.names) and self._can_sign() and self._has_signed()
        except (HostError, OSError):
            return False

    def sign(self) -> None:
        """Make the site a certificate; and another authority, where this one can't sign it.

        Raises:
            HostError: OpenSSL failed.
        """
        with tempfile.TemporaryDirectory(prefix=".signing-", dir=self.key.parent) as name:
            folder = Path(name)
            (folder / "configuration").write_text(CONFIGURATION, encoding="utf-8")
            if not self._can_sign():
                self._make(folder)
            self._sign(folder)
            if not self._has_signed():  # its names are others, or it ends before
                self._make(folder)
                self._sign(folder)

    def _can_sign(self) -> bool:
        """Return whether there is one, which may sign for no addresses: Puerto's first ones might have."""
        if not self.certificate.exists() or not self.key.exists():
            return False
        text = self.certificate.read_text(encoding="utf-8")
        _, _, excluded = openssl("x509", "-noout", "-ext", "nameConstraints", text=text).partition("Excluded:")
        return excluded.count("IP:") == NO_ADDRESSES.count("IP:")

    def _has_signed(self) -> bool:
        at_end = str(int(validity(self.site_certificate.read_text(encoding="utf-8"))[1]) - DAY_SECONDS)
        try:
            openssl("verify", "-attime", at_end, "-CAfile", str(self.certificate), str(self.site_certificate))
        except HostError:
            return False
        return True

    def _make(self, folder: Path) -> None:
        permitted = ",".join(f"permitted;DNS:{name}" for name in self.names)
        extensions = ("basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign",
                      "subjectKeyIdentifier=hash", f"nameConstraints=critical,{permitted},{NO_ADDRESSES}")  # fmt: skip
        subject = f"/O=Puerto/CN=Puerto on {socket.gethostname()[:32]} {secrets.token_hex(3)}"
        options = [option for extension in extensions for option in ("-addext", extension)]
        self._request(folder, "-x509", "-days", str(AUTHORITY_DAYS), "-subj", subject, *options)
        self._move(folder, self.certificate, self.key)

    def _sign(self, folder: Path) -> None:
        self._request(folder, "-new", "-subj", "/O=Puerto")
        names = ",".join(f"DNS:{name}" for name in self.names)
        extensions = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                      "extendedKeyUsage=serverAuth", f"subjectAltName={names}")  # fmt: skip
        (folder / "extensions").write_text("\n".join(extensions), encoding="utf-8")
        signer = ["-CA", str(self.certificate), "-CAkey", str(self.key), "-set_serial", f"0x{secrets.token_hex(15)}"]
        files = ["-in", str(folder / "out"), "-out", str(folder / "signed"), "-extfile", str(folder / "extensions")]
        openssl("x509", "-req", "-sha256", "-days", str(SITE_DAYS), *signer, *files)
        (folder / "signed").rename(folder / "out")
        self._move(folder, self.site_certificate, self.site_key)

    @staticmethod
    def _request(folder: Path, *options: str) -> None:
        files = ("-config", str(folder / "configuration"), "-keyout", str(folder / "key"), "-out", str(folder / "out"))
        openssl("req", *NEW_KEY, "-sha256", *files, *options)

    @staticmethod
    def _move(folder: Path, certificate: Path, key: Path) -> None:
        write(key, (folder / "key").read_text(encoding="utf-8"), 0o600)
        write(certificate, (folder / "out").read_text(encoding="utf-8"))
