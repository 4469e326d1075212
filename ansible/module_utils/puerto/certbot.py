"""certbot, in a virtualenv of its own: how it is called, and what its answers mean."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .errors import HostError
from .history import now
from .program_output import last_lines, plain

TRIES = 3
"""How often it is called where the authority refuses its nonces, which certbot asks for anew only once."""

DEADLINE_SECONDS = 300
RAISED = re.compile(r"acme\.messages\.Error: urn:ietf:params:acme:error:(\w+)")
"""In certbot's log, the type of the problem that ended it; what it prints doesn't say."""

LINEAGE = "site"
"""What certbot calls the certificate."""

PROBLEM = re.compile(r"^\s*(?:Domain|Identifier): (\S+)\n\s*Type:\s+(\S+)\n\s*Detail: (.+)$", re.MULTILINE)
UNREACHED = re.compile(r"host='([^']+)', port=(\d+)\)")
CAUSE = re.compile(r"\[Errno -?\d+\] ([^'\")]+)|(certificate verify failed: [^'\"(]+)|(timed out)")
"""Of an authority that can't be reached, in what the requests library says."""

CLOCK = re.compile(r"has expired|not yet valid")
"""Of an authority whose own certificate is refused: either that is so, or time is told wrongly here."""

NOISE = re.compile(r"Saving debug log to|Ask for help|See the logfile|Simulating|Requesting|Renewing|An unexpected")

MEANINGS: Mapping[str, str] = {
    "dns": "the authority finds no address for it in DNS: make its A record, or wait until it is known everywhere",
    "connection": "the authority can't reach its port 80: let it through, in the firewalls of host and provider",
    "tls": "the authority was sent on to HTTPS, and failed there: don't redirect /.well-known/acme-challenge/",
    "unauthorized": "another server answered the authority there: correct its A or AAAA record, or the proxy before it",
    "caa": "a CAA record in DNS forbids this authority to sign for it: allow it there, or ask another",
    "rateLimited": "the authority has been asked too often: it says when it may be asked again",
    "rejectedIdentifier": "the authority signs for no such name",
    "badNonce": "the authority keeps refusing its own nonces, as if something between it and the host kept them",
}
"""Type of an ACME problem (RFC 8555, 6.7) → what it means, and what to do."""


class UnreachedNameError(HostError):
    """The authority couldn't make sure of a name, or won't sign for it."""


class Certbot:
    """certbot with its files in one folder, apart from any other certbot's on the host.

    Args:
        folder: with ``certbot`` (the virtualenv), ``certbot.ini``, and what certbot keeps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pair = tuple(folder / "config" / "live" / LINEAGE / name for name in ("fullchain.pem", "privkey.pem"))

    def rehearse(self, names: Sequence[str]) -> None:
        """Do all but keep a certificate; with Let's Encrypt, at its staging server, whose limits are generous.

        Raises:
            HostError: the authority would refuse.
        """
        self._run([*_certificate(names), "--dry-run"])

    def obtain(self, names: Sequence[str]) -> None:
        """Have a certificate for these names, no others, that isn't due to be renewed.

        Raises:
            HostError: the authority doesn't answer, or refuses; certbot's files are as before.
        """
        self._run(_certificate(names))

    def _run(self, arguments: list[str]) -> None:
        program = [str(self.folder / "certbot" / "bin" / "certbot"), "--config", str(self.folder / "certbot.ini")]
        for attempt in range(TRIES):
            done = _output([*program, "certonly", *arguments], self._environment())
            if not done.returncode:
                return
            kind = self._kind()
            if kind != "badNonce" or attempt == TRIES - 1:
                fault = UnreachedNameError if PROBLEM.search(done.stdout) else HostError
                raise fault(explain(done.stdout, kind), done.stdout)

    def _kind(self) -> str:
        """Return the type of the ACME problem that ended the last call; empty if it was another."""
        try:
            log = (self.folder / "logs" / "letsencrypt.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return RAISED.findall(log)[-1] if RAISED.search(log) else ""

    def _environment(self) -> dict[str, str]:
        """An authority that not everybody knows is known by its certificate, which lies beside the rest."""
        own = self.folder / "authority.pem"
        others = {"LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(self.folder)}  # not root's own cli.ini
        return dict(os.environ) | others | ({"REQUESTS_CA_BUNDLE": str(own)} if own.stat().st_size else {})


def explain(output: str, kind: str = "") -> str:
    """Return why certbot failed: a sentence for each name that has a problem, else its last lines.

    Args:
        kind: type of the ACME problem, where it isn't one of a name.
    """
    if problems := [_sentence(*problem) for problem in PROBLEM.findall(plain(output))]:
        return "\n".join(dict.fromkeys(problems))
    lines = last_lines("\n".join(_lines(output)))
    if server := UNREACHED.search(output):
        cause = CAUSE.search(output)
        return _unreached(":".join(server.groups()), next(filter(None, cause.groups())).strip() if cause else lines)
    meaning = MEANINGS.get(kind, "certbot failed")
    return f"{meaning[0].upper()}{meaning[1:]}. It says: {lines}"


def _unreached(place: str, reason: str) -> str:
    clock = f" It is {now()[:16].replace('T', ' ')} UTC here: is this host's clock right?"
    sentence = f"The authority can't be reached at {place} (nginx_acme_directory): {reason}."
    return sentence + (clock if CLOCK.search(reason) else "")


def _sentence(name: str, kind: str, detail: str) -> str:
    meaning = MEANINGS.get(kind, "the authority refuses it")
    return f"{name}: {meaning}. It says: {detail.strip()}"


def _lines(output: str) -> Iterator[str]:
    for line in output.splitlines():
        if line.strip("- ") and not NOISE.match(line.strip()):
            yield line


def _certificate(names: Sequence[str]) -> list[str]:
    domains = [argument for name in names for argument in ("--domain", name)]
    return ["--cert-name", LINEAGE, *domains, "--renew-with-new-domains"]


def _output(command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=DEADLINE_SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise HostError(f"The authority didn't come to an end within {DEADLINE_SECONDS} s.") from None
    except FileNotFoundError as fault:
        raise HostError(f"{fault.filename} isn't there: provision the host (python3 -m deploy up).") from None
