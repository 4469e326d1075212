"""The commands of models: ``python3 -m deploy model add|words|build|check|list``. Runs in ``.venv``."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from app.contract import Contract
from app.engines import NAMES
from app.model import MANIFEST, TIMINGS, Manifest, Timings
from deploy.base import streams
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS
from deploy.models import builder, importer, split, words
from deploy.models.addition import Addition
from deploy.models.contracts import read_contract
from deploy.models.model_folder import CONTRACT, RECORD, TRAINING
from deploy.models.summary import print_unsaid

EXAMPLES = """examples:
  python3 -m deploy model add churn.joblib --data churn.csv    a model that scikit-learn trained, and its table
  python3 -m deploy model add churn.joblib --data churn.csv --before scaler.joblib
                                                               one whose rows a scaler prepared
  python3 -m deploy model words churn                          go through its title, labels and columns
  python3 -m deploy model check churn                          once more, after its contract was edited
  python3 -m deploy model check churn --strict                 and compare its engine with scikit-learn for longer
  python3 -m deploy model list                                 the models of this project
"""

SAVED = """how models are saved, and the line for each:
  joblib.dump(pipeline, "churn.joblib")            the pipeline, with all that prepares its rows
    model add churn.joblib --data churn.csv
  pickle.dump(model, file)                         a model, and its scaler in a file of its own
    model add model.pkl --before scaler.pkl --data churn.csv
  joblib.dump({"model": m, "scaler": s}, "a.pkl")  both in one file: a dict, a list, a tuple
    model add a.pkl --together --data churn.csv
  joblib.dump(le, "encoder.joblib")                a model whose answers a LabelEncoder numbered
    model add model.joblib --labels encoder.joblib --data churn.csv
  joblib.dump(XGBClassifier().fit(…), "x.joblib")  a model of another library, by its class for scikit-learn
    model add x.joblib --with xgboost --data churn.csv
  skops.io.dump(model, "churn.skops")              skops: nothing in it runs when it is opened
    model add churn.skops --data churn.csv
  joblib.dump(forest, "flats.joblib")              a model that answers several things at once, in their order
    model add flats.joblib --data flats.csv --target price,rent
Each line begins with python3 -m deploy.
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
    except BrokenPipeError:  # as in: deploy model list | head -1
        streams.abandon()
        return 128 + signal.SIGPIPE
    except OSError as fault:
        print(*filter(None, (fault.filename, fault.strerror or str(fault))), sep=": ", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):  # Ctrl+C, and Ctrl+D at a question
        print(f"\nInterrupted.{' Nothing was added.' if options.run == add else ''}", file=sys.stderr)
        return 130


def add(options: argparse.Namespace) -> int:
    """Make a model of this project out of a file."""
    typed = {field.name: getattr(options, field.name) for field in fields(Addition) if field.name in options}
    before = [] if options.no_before else options.before
    folder = importer.add(**typed | {"before": before, "keep_rows": not options.no_rows})
    print_unsaid(folder / CONTRACT)
    print(
        f"\nNext: put {folder / CONTRACT} into people's words, in an editor or by the first of these lines:\n"
        f"  python3 -m deploy model words {folder.name}\n"
        f"  python3 -m deploy model check {folder.name}\n  python3 -m deploy up"
    )
    return 0


def words_of(options: argparse.Namespace) -> int:
    """Go through a model's words with its owner."""
    (folder,) = _chosen(options.name)
    changed = words.go_through(folder / CONTRACT)
    print(f"{folder.name}: {changed} text{'' if changed == 1 else 's'} changed in {folder / CONTRACT}")
    if changed:
        print(f"  python3 -m deploy model check {folder.name}")
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
            print_unsaid(folder / CONTRACT)
    return 0


def show(options: argparse.Namespace) -> int:
    """List the models."""
    for folder in _chosen(None):
        contract = read_contract(folder / CONTRACT)
        origin = "added file" if (folder / RECORD).exists() else TRAINING
        bundle = BUNDLES / folder.name
        state = NAMES[_manifest(bundle).engine] if (bundle / MANIFEST).exists() else "not built yet"
        print(
            f"{contract.name:<20} {_kind(contract):<15} {len(contract.fields):>3} fields  {origin:<11}"
            f" {state:<14} {contract.title['en']}"
        )
    return 0


def _kind(contract: Contract) -> str:
    return f"{len(contract.targets)} targets" if contract.also else contract.predicts.kind


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
    help_text = "go through a model's title, labels and columns, and put them into people's words"
    words_parser = commands.add_parser("words", help=help_text, description=help_text)
    words_parser.set_defaults(run=words_of)
    words_parser.add_argument("name", help="the model")
    commands.add_parser("build", help="build the models that have changed").set_defaults(run=build)
    commands.add_parser("list", help="list the models").set_defaults(run=show)
    return parser


def _add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "make a model of this project out of a file that joblib, pickle or skops wrote"
    shape = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser("add", help=help_text, description=help_text, epilog=SAVED, formatter_class=shape)
    parser.set_defaults(run=add)
    parser.add_argument("file", type=Path, help="the fitted model or pipeline")
    _add_table_options(parser)
    _add_file_options(parser)
    parser.add_argument("--name", help="the model's name in addresses (default: the file's)")
    parser.add_argument("--trust", action="store_true", help="open the file without asking: it may run code")
    parser.add_argument("--anyway", action="store_true", help="go on where its answers to the table can't be right")
    parser.add_argument("--no-rows", action="store_true", help="keep no row of the table: none goes to servers")
    parser.add_argument("--replace", action="store_true", help="take the place of a model of that name")


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, help="the table (CSV or xlsx) that it was trained on: ranges, choices, answers"
    )
    test = "a table of rows that it wasn't trained on: how good it is with those, and how far its numbers may be off"
    honest = parser.add_mutually_exclusive_group()
    honest.add_argument("--test", type=Path, metavar="FILE", help=test)
    held_out = "the same of the share of --data that was held out: 0.2 (the last rows); 0.2,42 (train_test_split's "
    held_out += f"test_size and random_state); 0.2,42,{split.STRATIFIED}"
    honest.add_argument("--held-out", type=split.parse, metavar="SHARE", help=held_out)
    group = "say on the page how good it is with each value of that column, which needn't be one of the model's"
    parser.add_argument("--group", nargs="+", action="extend", default=[], metavar="COLUMN", dest="groups", help=group)
    target = "the table's column with the answers; of a model that answers several things, each in its order: a,b"
    parser.add_argument("--target", action="append", default=[], metavar="COLUMN", help=target)
    decimal = "what stands before the table's decimals, where it doesn't say: is 2.536 two and a half?"
    parser.add_argument("--decimal", choices=(",", "."), help=decimal)


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    beside = parser.add_mutually_exclusive_group()
    before = "what its rows pass first, in order: scaler.joblib; one file of both is made"
    beside.add_argument("--before", type=Path, nargs="+", metavar="FILE", help=before)
    beside.add_argument("--no-before", action="store_true", help="what lies beside it doesn't belong to it")
    code = "your own modules or packages that it needs: cleaning.py; also for what its notebook had defined"
    parser.add_argument("--code", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=code)
    packages = "packages that it needs beside scikit-learn: imbalanced-learn, xgboost==3.1.0; servers get them too"
    parser.add_argument(
        "--with", nargs="+", action="extend", default=[], metavar="NAME", dest="packages", help=packages
    )
    together = "the file is a dict, list or tuple: what else it holds is what the rows pass first"
    parser.add_argument("--together", action="store_true", help=together)
    parser.add_argument("--labels", type=Path, metavar="FILE", help="the LabelEncoder of its answers")


def _check_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    help_text = "check that contract, model and recorded answers fit together"
    parser = commands.add_parser("check", help=help_text, description=help_text)
    parser.set_defaults(run=check)
    parser.add_argument("name", nargs="?", help="one model (default: all)")
    strict = f"compare its engine with scikit-learn on {STRICT_ROWS:,} more random rows"
    parser.add_argument("--strict", action="store_true", help=strict)


if __name__ == "__main__":
    sys.exit(main())
