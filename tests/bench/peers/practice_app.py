"""The practice's own stack: Flask, Gunicorn's sync workers, joblib."""

from flask import Flask, Response, jsonify, request
from model import answer

app = Flask(__name__)


@app.post("/modelo")
def modelo() -> Response:
    """Answer a row."""
    return jsonify(answer(request.get_json()))
