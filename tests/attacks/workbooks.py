"""Workbooks (xlsx) as a file in a form: what a zip holds is larger than itself, and what it is read into may be too."""

import io
import random
import zipfile
from collections.abc import Iterable
from dataclasses import replace

from tests.attacks.attack import Attack, Shape, Target
from tests.attacks.forms import multipart, part

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MOST_BLANKS, MOST_TEXT = 60 << 20, 32_000
PADDING = "xl/media/image1.png"
ELSEWHERE = "http://192.0.2.1/prices.xlsx"
"""An address for documentation (RFC 5737): whoever asked it would wait."""

FAR = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="298"><c r="ALL298"><v>1</v></c></row>'
"""Cells with three hundred thousand others between them."""


def zipped(entries: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip with such files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def parts(*sheets: bytes, texts: bytes = b"") -> dict[str, bytes]:
    """Return a workbook's files.

    Args:
        sheets: the rows of each, in XML.
        texts: that its cells share, in XML.
    """
    numbers = range(1, len(sheets) + 1)
    relations = [_relation(f"s{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    relations.append(_relation("texts", "sharedStrings", "sharedStrings.xml"))
    names = "".join(f'<sheet name="Sheet{number}" sheetId="{number}" r:id="s{number}"/>' for number in numbers)
    document = f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>'
    return {
        "_rels/.rels": _relations([_relation("book", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": document.encode(),
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "xl/sharedStrings.xml": f'<sst xmlns="{SPREADSHEET}">'.encode() + texts + b"</sst>",
        **{f"xl/worksheets/sheet{number}.xml": _sheet(rows) for number, rows in zip(numbers, sheets, strict=True)},
    }


def opendocument(rows: int = 1_000_000, columns: int = 1000) -> dict[str, bytes]:
    """Return the files of a workbook of another kind, which says how often a cell is repeated."""
    kind = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{kind}:office:1.0" xmlns:table="{kind}:table:1.0"'
        f' xmlns:text="{kind}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="a">'
        f'<table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}"><text:p>a</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{kind}:manifest:1.0"/>'.encode(),
        "content.xml": content.encode(),
    }


def _sheet(rows: bytes) -> bytes:
    return f'<worksheet xmlns="{SPREADSHEET}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"


def _relation(name: str, kind: str, target: str) -> str:
    mode = ' TargetMode="External"' if target == ELSEWHERE else ""
    return f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"{mode}/>'


def _relations(relations: Iterable[str]) -> bytes:
    return f'<Relationships xmlns="{PACKAGE}">{"".join(relations)}</Relationships>'.encode()


def _header(target: Target) -> bytes:
    names = "".join(f'<c t="str"><v>{name}</v></c>' for name in target.contract.example)
    return f"<row>{names}</row>".encode()


def _rows(target: Target, count: int, formula: str = "") -> bytes:
    """Return a header and rows whose numbers differ, so that they can't be packed to nothing."""
    numbers, width = random.Random(1), len(target.contract.example)
    cells = (f"<c>{formula}<v>{numbers.random() + 5!r}</v></c>" for _ in range(count * width))
    return (
        _header(target) + "".join(f"<row>{''.join(row)}</row>" for row in zip(*[cells] * width, strict=True)).encode()
    )


def _upload(target: Target, entries: dict[str, bytes]) -> Attack:
    """Return the upload of a workbook, filled up to the target's size with a picture."""
    data = zipped(entries)
    if len(data) < target.size:
        data = zipped({**entries, PADDING: random.Random(1).randbytes(target.size - len(data))})
    token = part("csrf_token", target.token.encode())
    attack = multipart(token, part("table", data, '; filename="t.xlsx"'))
    return replace(attack, unpacked=sum(map(len, entries.values())))


def _harmless(target: Target) -> Attack:
    return _upload(target, parts(_rows(target, 10)))


def _many_rows(target: Target) -> Attack:
    return _upload(target, parts(_rows(target, target.size // 80)))


def _bomb(target: Target) -> Attack:
    return _upload(target, parts(_rows(target, 10) + b" " * min(MOST_BLANKS, target.size * 100)))


def _columns(target: Target) -> Attack:
    numbers = random.Random(1)
    cells = "".join(f"<c><v>{numbers.randrange(10**9)}</v></c>" for _ in range(min(1_000_000, target.size // 6)))
    return _upload(target, parts(f"<row>{cells}</row>".encode()))


def _formulas(target: Target) -> Attack:
    return _upload(target, parts(_rows(target, min(1_000_000, target.size // 30), "<f>SUM(A1:XFD1048576)</f>")))


def _links(target: Target) -> Attack:
    link = f'<externalLink xmlns="{SPREADSHEET}" xmlns:r="{RELATIONS}"><externalBook r:id="a"/></externalLink>'
    entries = parts(_rows(target, 10, "<f>[1]Sheet1!A1</f>"))
    for number in range(1, 400):
        entries[f"xl/externalLinks/externalLink{number}.xml"] = link.encode()
        relation = _relation("a", "externalLinkPath", ELSEWHERE)
        entries[f"xl/externalLinks/_rels/externalLink{number}.xml.rels"] = _relations([relation])
    return _upload(target, entries)


def _entities(target: Target) -> Attack:
    nested = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    entries = parts(_rows(target, 10))
    document = f'<!DOCTYPE sst [<!ENTITY e0 "estudio">{nested}]><sst xmlns="{SPREADSHEET}"><si><t>&e9;</t></si></sst>'
    return _upload(target, entries | {"xl/sharedStrings.xml": document.encode()})


def _shared_text(target: Target) -> Attack:
    text = random.Random(1).randbytes(MOST_TEXT // 2).hex().encode()
    cells = b'<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * min(20_000, target.size // 10)
    return _upload(target, parts(_header(target) + cells, texts=b"<si><t>" + text + b"</t></si>"))


def _deep_texts(target: Target) -> Attack:
    depth = min(500_000, target.size // 8)
    begun = "".join(f"<r{level}>" for level in range(depth))
    ended = "".join(f"</r{level}>" for level in reversed(range(depth)))
    return _upload(target, parts(_rows(target, 10), texts=f"<si>{begun}<t>a</t>{ended}</si>".encode()))


def _sheets(target: Target) -> Attack:
    return _upload(target, parts(*[FAR] * 190))


def _ods(target: Target) -> Attack:
    return _upload(target, opendocument())


def _once(shape: Shape) -> Shape:
    """Return a shape that is made once for all routes: to pack it takes longer than to send it."""
    attacks: dict[tuple[int, str], Attack] = {}

    def attack(target: Target) -> Attack:
        key = (target.size, target.token)
        if key not in attacks:
            attacks[key] = shape(target)
        return attacks[key]

    return attack


SHAPES: dict[str, Shape] = {
    "harmless": _harmless,
    "many rows": _many_rows,
    "zip bomb": _bomb,
    "many columns": _columns,
    "formulas": _formulas,
    "external links": _links,
    "entities": _entities,
    "shared text": _shared_text,
    "deep texts": _deep_texts,
    "sheets with a cell far away": _sheets,
    "OpenDocument": _ods,
}

WORKBOOKS: dict[str, Shape] = {f"workbook, {name}": _once(shape) for name, shape in SHAPES.items()}
"""Name → what is sent to routes that take a body."""
