"""The table that comes back: the columns of the upload, and those that are added to it, written as it was."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat

import orjson

from app.contract import Classification, Contract, Regression
from app.engines import EngineOutputs
from app.faults import Fault
from app.model import Model
from app.numerals import Mark
from app.tables.csv_file import CsvFile
from app.tables.encoding import Encoding
from app.tables.workbook import NumberText
from app.values import as_text

NONE: Mapping[str, Fault] = {}
NOTES = ("warning", "error")
NO_NOTES = [repeat("")] * len(NOTES)
OutputCells = tuple[str, ...]
"""What a row gets: its prediction, its probability where the model gives one, likewise of each further target; and
`NOTES`, empty or not."""


class AddedColumns:
    """The columns that an answer adds to a table.

    Args:
        model: that predicts it.
        header: the table's own columns, which none of them is called like.
        notes: what is said of the whole table: once, with the first row's warnings.
        mark: before the decimals of numbers; None: they stay numbers.
    """

    def __init__(self, model: Model, header: Sequence[str], notes: Sequence[Fault], mark: Mark | None) -> None:
        self._targets, self._notes, self._mark = model.contract.targets, [*notes], mark
        classifies = isinstance(model.contract.predicts, Classification)
        outputs = ["prediction", "probability"] if classifies and model.engine.gives_probabilities else ["prediction"]
        if model.contract.also:
            outputs = [f"{output}_{target}" for target in model.contract.target_names for output in outputs]
        taken = {*header}
        self.names = [_free_name(name, taken) for name in (*outputs, *NOTES)]

    @property
    def places(self) -> range:
        """Of the predictions among the cells that are added, target by target."""
        count = len(self.names) - len(NOTES)
        return range(0, count, count // len(self._targets))

    def cells(self, outputs: OutputCells | None, warnings: Mapping[str, Fault] = NONE, error: str = "") -> OutputCells:
        """Return what a row gets: its outputs and warnings, or why it has none."""
        warning = "; ".join(f"{name}: {fault}" for name, fault in warnings.items()) if warnings else ""
        if self._notes:
            warning = "; ".join([*map(str, self._notes), *filter(None, [warning])])
            self._notes = []
        values = outputs[: -len(NOTES)] if outputs else [""] * (len(self.names) - len(NOTES))
        return (*values, warning, error)

    def block(self, outputs: Sequence[OutputCells], warnings: Sequence[Mapping[str, Fault]]) -> Iterable[OutputCells]:
        """Return what the rows of a block get, as `cells` does, which takes more time."""
        return map(self.cells, outputs, warnings) if self._notes or any(warnings) else outputs

    def outputs(self, outputs: EngineOutputs) -> list[OutputCells]:
        """Return each row's predictions, with probabilities where the model gives them, and no warning or error."""
        pairs = zip(self._targets, outputs.targets, strict=True)
        columns = [column for target, own in pairs for column in self._columns(target, own)]
        return [*zip(*columns, *NO_NOTES, strict=False)]

    def _columns(self, target: Classification | Regression, outputs: EngineOutputs) -> list[Sequence[str]]:
        if outputs.labels is None or not isinstance(target, Classification):
            return [self._numbers(outputs.values or [])]
        texts = [as_text(label.value) for label in target.labels]
        labels = [texts[place] for place in outputs.labels]
        if outputs.probabilities is None:
            return [labels]
        shares = [shares[place] for place, shares in zip(outputs.labels, outputs.probabilities, strict=True)]
        return [labels, self._numbers(shares)]

    def _numbers(self, numbers: list[float]) -> Sequence[str]:
        if self._mark is None:
            return [*map(NumberText.of, numbers)]
        texts = orjson.dumps(numbers).decode()[1:-1].split(",")
        return texts if self._mark == "." else [text.replace(".", ",") for text in texts]


class CsvAnswer:
    """Writes a table as another was: its separator, its encoding, its byte order mark.

    Args:
        file: the other.
        contract: of the model; where its words have letters that the encoding lacks, it is UTF-8 with its mark instead.
    """

    mimetype, suffix = "text/csv", "csv"

    def __init__(self, file: CsvFile, contract: Contract) -> None:
        self._separator, self.encoding = file.separator, _encoding(file.encoding, contract)

    @property
    def content_type(self) -> str:
        """What it is, for browsers."""
        charset = "utf-16" if self.encoding.name == "utf-16" else self.encoding.name
        return f"{self.mimetype}; charset={charset}"

    def begin(self, header: Sequence[str]) -> bytes:
        """Return the first line, behind the file's mark."""
        return self.encoding.mark + self.piece([header])

    def piece(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return rows as lines."""
        rows = [*rows]
        lines = [*map(self._separator.join, rows)]
        plain = "\r\n".join(lines)
        cells = sum(map(len, rows))
        if (
            '"' not in plain
            and plain.count(self._separator) == cells - len(lines)
            and plain.count("\r") == plain.count("\n") == len(lines) - 1
        ):
            return self._encoded(f"{plain}\r\n")
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._separator).writerows(rows)
        return self._encoded(buffer.getvalue())

    def end(self) -> Iterator[bytes]:
        """Return what follows the last row: nothing."""
        return iter(())

    def close(self) -> None:
        """Remove what was written on the way: nothing."""

    def _encoded(self, text: str) -> bytes:
        return text.encode(self.encoding.codec, "replace")


def _encoding(encoding: Encoding, contract: Contract) -> Encoding:
    if encoding.codec == "cp1252":
        try:
            contract.model_dump_json(include={"fields", "predicts", "also"}).encode(encoding.codec)
        except UnicodeEncodeError:
            return Encoding("utf-8", "utf-8", codecs.BOM_UTF8)
    return encoding


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
