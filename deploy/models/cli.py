"""The commands of models: ``python3 -m deploy model add|build|check|list``. Runs in ``.venv``."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from app.engines import NAMES
from app.model import MANIFEST, TIMINGS, Manifest, Timings
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS
from deploy.models import builder, importer
from deploy.models.contracts import read_contract
from deploy.models.model_folder import CONTRACT, RECORD, TRAINING

EXAMPLES = """examples:
  python3 -m deploy model add churn.joblib --data churn.csv    a model that scikit-learn trained, and its table
  python3 -m deploy model check churn                          once more, after its contract was edited
  python3 -m deploy model check churn --strict                 and compare its engine with scikit-learn for longer
  python3 -m deploy model list                                 the models of this project
"""


STRICT_ROWS = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 done, 1 refused, 2 not understood, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except DeployError as fault:
        for line in filter(None, (fault.reason, fault.advice)):
            print(line, file=sys.stderr)
        return fault.status
    except KeyboardInterrupt:
        print("Interrupted; nothing was added.", file=sys.stderr)
        return 130


def add(options: argparse.Namespace) -> int:
    """Make a model of this project out of a file."""
    folder = importer.add(
        options.file,
        data=options.data,
        target=options.target,
        name=options.name,
        trust=options.trust,
        replace=options.replace,
    )
    print(
        f"\nNext: read {folder / CONTRACT} and put it into people's words, then\n"
        f"  python3 -m deploy model check {folder.name}\n  python3 -m deploy up"
    )
    return 0


def build(options: argparse.Namespace) -> int:
    """Build what has changed."""
    return builder.main()


def check(options: argparse.Namespace) -> int:
    """Build models again, whether or not they have changed, and compare their engines with scikit-learn."""
    for folder in _chosen(options.name):
        with tempfile.TemporaryDirectory() as scratch:
            builder.build(folder, Path(scratch), random_rows=STRICT_ROWS if options.strict else builder.RANDOM_ROWS)
            bundle = Path(scratch) / folder.name
            golden = len(_manifest(bundle).golden)
            print(f"{folder.name}: the contract fits, {golden} rows get the recorded answers", flush=True)
            print(f"  {summary(bundle)}", flush=True)
    return 0


def show(options: argparse.Namespace) -> int:
    """List the models."""
    for folder in _chosen(None):
        contract = read_contract(folder / CONTRACT)
        origin = "added file" if (folder / RECORD).exists() else TRAINING
        bundle = BUNDLES / folder.name
        state = NAMES[_manifest(bundle).engine] if (bundle / MANIFEST).exists() else "not built yet"
        print(
            f"{contract.name:<20} {contract.predicts.kind:<15} {len(contract.fields):>3} fields  {origin:<11}"
            f" {state:<14} {contract.title['en']}"
        )
    return 0


def summary(bundle: Path) -> str:
    """Return how a bundle's answers are computed, and how they compare with scikit-learn's."""
    manifest = _manifest(bundle)
    timings = Timings.model_validate_json((bundle / TIMINGS).read_text(encoding="utf-8"))
    proof, (reached, thresholds) = manifest.proof, manifest.proof.thresholds
    at_thresholds = f", at {reached:,} of {thresholds:,} thresholds of its trees" if thresholds else ""
    equal = f"equal to scikit-learn's answers on {proof.rows:,} rows{at_thresholds}"
    text = f"{NAMES[manifest.engine]}: {equal}, largest difference {proof.largest_difference:.1g}\n"
    if proof.why:
        return text + f"  {timings.us_per_row:g} µs a row; not on ONNX Runtime: {proof.why}"
    times = timings.scikit_learn_us_per_row / timings.us_per_row
    return text + f"  {timings.us_per_row:g} µs a row, {times:.0f} times as fast as scikit-learn"


def _manifest(bundle: Path) -> Manifest:
    return Manifest.model_validate_json((bundle / MANIFEST).read_text(encoding="utf-8"))


def _chosen(name: str | None) -> list[Path]:
    folders = [file.parent for file in sorted(MODELS.glob(f"*/{CONTRACT}"))]
    if name is None:
        return folders
    if name not in [folder.name for folder in folders]:
        raise DeployError(f"{name}: no such model; there are: {', '.join(folder.name for folder in folders)}", status=2)
    return [MODELS / name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy model",
        description="Add, build and check the models of this project.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    _add_parser(commands)
    _check_parser(commands)
    commands.add_parser("build", help="build the models that have changed").set_defaults(run=build)
    commands.add_parser("list", help="list the models").set_defaults(run=show)
    return parser


def _add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "make a model of this project out of a file that joblib, pickle or skops wrote"
    parser = commands.add_parser("add", help=help_text, description=help_text)
    parser.set_defaults(run=add)
    parser.add_argument("file", type=Path, help="the fitted model or pipeline")
    parser.add_argument("--data", type=Path, help="the table (CSV) that it was trained on: ranges, choices, answers")
    parser.add_argument("--target", default="", help="the table's column with the answers")
    parser.add_argument("--name", help="the model's name in addresses (default: the file's)")
    parser.add_argument("--trust", action="store_true", help="open the file without asking: it may run code")
    parser.add_argument("--replace", action="store_true", help="take the place of a model of that name")


def _check_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "check that contract, model and recorded answers fit together"
    parser = commands.add_parser("check", help=help_text, description=help_text)
    parser.set_defaults(run=check)
    parser.add_argument("name", nargs="?", help="one model (default: all)")
    strict = f"compare its engine with scikit-learn on {STRICT_ROWS:,} more random rows"
    parser.add_argument("--strict", action="store_true", help=strict)


if __name__ == "__main__":
    sys.exit(main())
