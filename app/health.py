"""What this process runs, for the provisioning and for monitors."""

from flask import Blueprint, Response, current_app, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> Response:
    """Return the release and models that this process runs, and how many predictions were passed on."""
    extensions = current_app.extensions
    response = jsonify(
        status="ok",
        release=extensions["release"],
        passed_on=extensions["shortcut"].passed_on.totals(),
        models={model.name: model.version for model in extensions["models"].values()},
    )
    response.headers["Cache-Control"] = "no-store"
    return response
