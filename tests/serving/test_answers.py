"""What is sent is answered as everywhere in Thaw, in each of the three ways and many at once."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.odd import odd_photos
from tests.serving.served import Place, StandIn, form, picture, served
from tests.support import workspace
from transfer_core import api
from transfer_core.nn.training.run import train
from transfer_core.runs.folder import Run


def ways(data: bytes) -> list[tuple[bytes, str | None]]:
    """One photo as it may be sent."""
    text = base64.b64encode(data).decode()
    lines = base64.encodebytes(data).decode()
    return [
        (data, "image/jpeg"),
        (data, "application/octet-stream"),
        (data, None),
        form(data),
        form(data, "photo"),
        (json.dumps({"image": text}).encode(), "application/json"),
        (json.dumps({"image": f"data:image/png;base64,{lines}"}).encode(), "application/json; charset=utf-8"),
    ]


def test_answers_are_those_of_predict(toy_run: Callable[..., Run], tmp_path: Path) -> None:
    run = toy_run()
    assert train(workspace(), run, lambda event: None)
    from transfer_core.nn.inference.predictor import Classifier

    paths = odd_photos(tmp_path / "odd")
    with Image.open(paths[0]) as photo:
        large = photo.convert("RGB").resize((5000, 4000))  # decoded in the thread of the large ones
    large.save(tmp_path / "large.jpg")
    paths += [tmp_path / "large.jpg", *(Path(photo.path) for photo in run.manifest().photos)]
    expected = dict(zip(paths, api.predict(run, paths), strict=True))
    assert {answer["none"] for answer in expected.values()} == {True, False}

    def check(place: Place, path: Path, body: bytes, kind: str | None) -> None:
        status, said, _ = place.ask(body, kind)
        assert status == 200 and said.pop("milliseconds") > 0
        shares = said.pop("probabilities")
        assert shares == pytest.approx(expected[path]["probabilities"], abs=1e-5)
        assert said == {
            "label": expected[path]["label"],
            "probability": shares[said["label"]],
            "none": expected[path]["none"],
        }

    with served(Classifier(run)) as place:
        for path in paths[:6]:
            for body, kind in ways(path.read_bytes()):
                check(place, path, body, kind)
        with ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(check, place, path, path.read_bytes(), "image/png") for path in (paths * 2)[:60]]
            for one in asked:
                one.result()


def test_what_waits_together_is_answered_together() -> None:
    stand_in = StandIn()
    stand_in.go.clear()
    reds = [index * 5 for index in range(50)]
    with served(stand_in) as place, ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(place.ask, picture(red)) for red in reds]
        # Answered beside those that wait, and once it is, all of them are on their way.
        assert place.ask(None, path="/healthz", method="GET")[1]["status"] == "ok"
        stand_in.go.set()
        for red, one in zip(reds, asked, strict=True):
            assert one.result()[1]["probabilities"]["red"] == pytest.approx(red / 255)
    assert sum(stand_in.passes) == 50 and max(stand_in.passes) <= 32


def test_health_and_document() -> None:
    with served(StandIn()) as place:
        status, said, _ = place.ask(None, path="/healthz", method="GET")
        assert (status, said) == (200, {"status": "ok", "run": "pets", "classes": ["blue", "red"]})
        status, document, _ = place.ask(None, path="/openapi.json", method="GET")
        assert status == 200 and document["openapi"].startswith("3.1")
        _, answer, _ = place.ask(picture())
    # What it says of an answer is what comes; which photos were learned from is not told.
    schema = document["components"]["schemas"]["Answer"]
    assert set(schema["required"]) <= set(answer) <= set(schema["properties"])
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert set(content) == {"image/*", "application/octet-stream", "multipart/form-data", "application/json"}

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [value["$ref"]] if "$ref" in value else [one for part in value.values() for one in references(part)]
        return []

    assert {name.rpartition("/")[2] for name in references(document)} == set(document["components"]["schemas"])
