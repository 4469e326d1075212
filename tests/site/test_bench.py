"""The benchmark runs to its end and leaves the host as it was; not how fast anything is."""

import json
import sys

import pytest

from deploy.base.console import Console
from tests.bench import serving
from tests.run import FULL

pytestmark = pytest.mark.debian(13)

SYSTEMS = ["nginx-static", "puerto-constant", "puerto", *(["practice"] if FULL else [])]
MODELS = ["exam", "titanic"] if FULL else ["exam"]
SECONDS = 1


def test_short_benchmark(hosts, host, on):
    before = on(host, "systemctl cat flask_app; nginx -T 2>/dev/null | sha256sum")
    console = Console("bench", sys.stderr)
    records, versions = serving.measure(console, host, hosts.values[host.name], SYSTEMS, MODELS, [2], SECONDS)
    console.log.close()
    assert on(host, "systemctl cat flask_app; nginx -T 2>/dev/null | sha256sum") == before
    assert not FULL or {"Flask", "gunicorn"} <= set(versions)
    assert {(record["system"], record["model"]) for record in records} == {
        ("nginx-static", "exam"), *((system, model) for system in SYSTEMS[1:] for model in MODELS)
    }  # fmt: skip
    for record in records:
        assert set(record) == {"system", "model", "nginx", "workers", "requests_per_s", "p50_ms", "p99_ms", "errors",
                               "pss_mib", "start_s"}  # fmt: skip
        assert (record["errors"], record["workers"]) == (0, 2), record
        assert record["requests_per_s"] > 10 and record["p99_ms"] >= record["p50_ms"] > 0, record
    table, picture = serving.table(records), serving.picture(records)
    assert len(table.splitlines()) == 2 + 1 + 2 * len(SYSTEMS[1:])
    assert picture.count("<rect") == 1 + len(MODELS) * len(SYSTEMS[1:])
    json.dumps(records)


@pytest.mark.parametrize("name", ["mixed", "histgb"])
def test_requests_of_each_protocol_are_the_contract_s_example(name):
    contract = serving.read_contract(serving.model_folder(name) / "model.yaml")
    bodies = serving.requests_of(contract.example)
    assert bodies["example.json"] == bodies["row.json"]["row"] == bodies["mlflow.json"]["dataframe_records"][0]
    inputs = bodies["v2.json"]["inputs"]
    assert [value for tensor in inputs for value in tensor["data"]] == [*contract.example.values()]
