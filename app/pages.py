"""The page for people: a form, and the answer below it."""

from flask import Blueprint, current_app, render_template, request

from app.contract import InvalidInput
from app.model import Model

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def form() -> str:
    """Show the form."""
    return _page()


@blueprint.post("/")
def predict() -> tuple[str, int]:
    """Show the form with what was typed, and the answer or what is wrong with it."""
    typed = request.form.to_dict()
    model: Model = current_app.extensions["model"]
    try:
        row = model.contract.check(typed, strict=False)
    except InvalidInput as fault:
        return _page(typed=typed, faults=fault.faults), 422
    return _page(typed=typed, prediction=model.predict(row)), 200


def _page(**context: object) -> str:
    model: Model = current_app.extensions["model"]
    return render_template("form.html", contract=model.contract, metrics=model.metrics, **context)
