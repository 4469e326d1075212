"""BentoML as its documentation has it: a service with an API, as many workers as asked for."""

import os

import bentoml


@bentoml.service(workers=int(os.environ["BENCH_WORKERS"]))
class Service:
    """Answers rows."""

    def __init__(self) -> None:
        from model import answer

        self.answer = answer

    @bentoml.api
    def predict(self, row: dict) -> dict:
        """Answer a row."""
        return self.answer(row)
