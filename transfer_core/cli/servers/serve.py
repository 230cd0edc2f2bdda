"""`thaw serve`: the classifier of a run as an HTTP server."""

from pathlib import Path
from typing import Any

import click

from transfer_core.cli.output import json_option, load_tensorflow, result, say, stdout_kept_clean
from transfer_core.runs.folder import open_run
from transfer_core.text import Sentence, t

__all__ = ["serve"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; the default is reached from this machine only.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0: any that is free.",
)
@json_option
def serve(run: Path, host: str, port: int, as_json: bool) -> None:
    """Answer about photos over HTTP with the classifier of RUN, until Ctrl+C.

    POST a photo to /predict: its bytes, a form with a file, or {"image": "<base64>"}. /openapi.json has the details.

    For example: curl -F image=@photo.jpg http://127.0.0.1:8000/predict
    """
    from transfer_core.serving.app import make_app  # here, as the server: other commands need no web server
    from transfer_core.serving.server import HOSTS, is_open, listen, url_of
    from transfer_core.serving.server import serve as run_server

    opened = open_run(run)
    classes = opened.labels()["classes"]  # refuse a run without a model before the seconds TensorFlow takes to load
    with listen(host, port) as listening:
        if is_open(listening):
            said = Sentence(
                "Warning: whoever reaches {host} over the network can ask this classifier, for there is no password.",
                host=host,
            )
            say(t(said))
        with stdout_kept_clean(as_json):
            load_tensorflow()
            from transfer_core.nn.inference.predictor import Classifier

            classifier = Classifier(opened)
        app = make_app(opened.path.name, classifier, None if is_open(listening) else (*HOSTS, host))
        url = url_of(listening)
        if as_json:
            result({"url": url, "run": str(run), "classes": classes}, as_json, _words)
        else:
            say(_words({"url": url, "run": str(run)}))
        run_server(app, listening)


def _words(value: dict[str, Any]) -> str:
    return t(Sentence("{run} answers at {url}/predict; Ctrl+C ends it.", run=value["run"], url=value["url"]))
