"""Forms, as browsers encode them: many fields, long ones, parts."""

from itertools import islice

from tests.attacks.attack import Attack, Shape, Target, names, repeated

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=hostile"
PARTS = 10_000


def _many_fields(target: Target) -> Attack:
    return Attack(repeated(b"a", target.size, between=b"&"), {"Content-Type": FORM})


def _typed(target: Target) -> Attack:
    value = b"9" * target.size
    fields = b"&".join(name.encode() + b"=" + value for name in [*target.contract.example][:1])
    return Attack(fields + b"&csrf_token=" + target.token.encode(), {"Content-Type": FORM})


def part(name: str, data: bytes, parameters: str = "", headers: str = "") -> bytes:
    head = f'--hostile\r\nContent-Disposition: form-data; name="{name}"{parameters}\r\n{headers}\r\n'
    return head.encode() + data + b"\r\n"


def multipart(*parts: bytes) -> Attack:
    return Attack(b"".join(parts) + b"--hostile--\r\n", {"Content-Type": MULTIPART})


def _many_parts(target: Target) -> Attack:
    part_size = max(0, target.size // PARTS - 70)
    return multipart(*(part(name, b"x" * part_size) for name in islice(names(), PARTS)))


def _long_part_header(target: Target) -> Attack:
    return multipart(part("a", b"", headers="X-Long: " + "x" * target.size + "\r\n"))


def _almost_boundaries(target: Target) -> Attack:
    return multipart(part("a", b"\r\n--hostil" * (target.size // 10)))


FORMS: dict[str, Shape] = {
    "many fields": _many_fields,
    "long field": _typed,
    "many parts": _many_parts,
    "long part header": _long_part_header,
    "almost boundaries": _almost_boundaries,
}
"""Name → what is sent to routes that take a body."""
