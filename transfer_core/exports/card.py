"""What a classifier says of itself where it goes: the model card (Mitchell et al. 2019) that lies beside it."""

from collections.abc import Mapping
from typing import Any

from transfer_core.backbones.catalog import get_base
from transfer_core.exports.formats import Format
from transfer_core.exports.parity import apart
from transfer_core.runs.figure import in_full, run_figure
from transfer_core.runs.folder import Run
from transfer_core.text import Sentence, t, visible

__all__ = ["model_card"]

_SPLITS = ("train", "validation", "test")
_ASKED = "    pip install -r requirements.txt\n    python predict.py photo.jpg another.jpg"
_SERVED = "    python -m http.server"


def model_card(run: Run, row: Format, name: str, parity: Mapping[str, Any], with_photos: bool = False) -> str:
    """Markdown: what it is, how to use it, how good it is and on what, and what it can't do.

    Args:
        run: the run that trained it.
        row: what it is exported as.
        name: what people call it.
        parity: as `exports.parity.Parity.to_dict`.
        with_photos: whether photos to try it with lie beside it.
    """
    labels, report, manifest = run.labels(), run.report() or {}, run.manifest()
    base = get_base(labels["base"])
    counts = manifest.counts()
    figure = run_figure(run, report)
    parts = [
        f"# {visible(name)}",
        t(_what(run, base.title)),
        _section(
            t("How to use it"),
            *([_SERVED] if row.place == "page" else [_ASKED]),
            *([t("In `photos` lie two photos to try it with.")] if with_photos else []),
            t(
                "`model.tflite` takes photos as RGB numbers from 0 to 255, {size} × {size} pixels; the page reads them "
                "as Thaw does. Open it through a web server: no photo leaves the browser.",
                size=labels["input_size"],
            )
            if row.place == "page"
            else t(
                "`{model}` takes photos as RGB numbers from 0 to 255, {size} × {size} pixels, and gives a probability "
                "for each class, in the order of `labels.txt`. All else that must be done with the numbers is inside. "
                "`read_photo.py` is how Thaw reads a photo: which way is up, the part that is looked at, colors, "
                "transparency. Another way of reading gives other answers.",
                model=row.model,
                size=labels["input_size"],
            ),
        ),
        _section(
            t("What it was trained on"),
            "\n".join(
                [
                    f"| {t('class')} | {t('learned from')} | {t('validation')} | {t('test')} |",
                    "| --- | ---: | ---: | ---: |",
                    *(
                        " | ".join(["", _cell(one), *(str(counts[split][one]) for split in _SPLITS), ""]).strip()
                        for one in manifest.classes
                    ),
                ]
            ),
        ),
        _section(
            t("How good it is"),
            t(in_full(figure, visible) if figure else Sentence("It was not measured.")),
            *_sure(report),
        ),
        _section(t("The same answers as in Thaw"), t(_same(row, parity))),
        _section(
            t("What it can't do"),
            t(
                "It knows these classes and nothing else, as they look in the photos above: other places, other "
                "cameras and other light may be harder than the figure says."
            )
            + " "
            + t(
                "It says *none of these* of what looks unlike all it learned from, which catches most of what is "
                "something else, not all."
                if row.knows
                else "To whatever it is shown it answers with one of them: in this format it can't say *none of these*."
            )
            + " "
            + t("Let nobody's safety, health, rights or money hang on it alone."),
        ),
        _section(
            t("Where it comes from"),
            t(
                "The base is a network that was opened from a file. Its license, and the photos and their rights, are "
                "those of whoever made it and trained with it."
            )
            if base.weights.kind == "own"
            else t(
                "The base and its pretrained weights: {source}. Their license is what their authors say there; the "
                "photos and their rights are those of whoever trained it.",
                source=base.source,
            ),
            t("Thaw {version}.", version=report.get("versions", {}).get("thaw", "")),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _what(run: Run, base: str) -> Sentence:
    config = run.config()
    if config.base.weights == "none":
        return Sentence("An image classifier, trained with Thaw: {base}, from random weights.", base=base)
    if config.fine_tunes:
        return Sentence(
            "An image classifier, trained with Thaw: {base}, which had learned from ImageNet, with a new last layer; "
            "some of its own layers have learned from these photos, too.",
            base=base,
        )
    return Sentence(
        "An image classifier, trained with Thaw: {base}, which had learned from ImageNet, with a new last layer.",
        base=base,
    )


def _section(title: str, *paragraphs: str) -> str:
    return "\n\n".join([f"## {title}", *paragraphs])


def _cell(name: str) -> str:
    return visible(name).replace("|", "\\|")


def _sure(report: Mapping[str, Any]) -> list[str]:
    judged = report.get("test") or report.get("validation") or {}
    if judged.get("ece") is None:
        return []
    return [
        t(
            "How sure it says it is differs from how often it is right by {ece:.0%} on average (expected calibration "
            "error; its temperature is {temperature:.2f}).",
            ece=judged["ece"],
            temperature=report.get("temperature", 1.0),
        )
    ]


def _same(row: Format, parity: Mapping[str, Any]) -> Sentence:
    values = {"format": row.title, **parity}
    if parity["agreement"] == 1:
        return Sentence(
            "As {format} it was asked about {photos} of these photos, from the files on: every answer was that of the "
            "app; probabilities differ by {apart}.",
            apart=apart(parity["max_difference"]),
            **values,
        )
    return Sentence(
        "As {format} it was asked about {photos} of these photos, from the files on: it answers {changed} of them "
        "otherwise than the app. Of 100 new photos, expect {low:.0f} to {high:.0f} to be answered otherwise.",
        **values | {"low": 100 * parity["changed_interval"][0], "high": 100 * parity["changed_interval"][1]},
    )
