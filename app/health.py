"""What this process runs, for the provisioning and for monitors."""

from flask import Blueprint, Response, current_app, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> Response:
    """Say what release and models this process runs, and how many predictions took Flask's slower way, and why."""
    extensions = current_app.extensions
    answer = jsonify(
        status="ok",
        release=extensions["release"],
        passed_on=extensions["shortcut"].passed_on.told(),
        models={model.name: model.version for model in extensions["models"].values()},
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
