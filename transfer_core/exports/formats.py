"""The formats a classifier can be exported in: a row each, without anything heavy."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

from transfer_core.errors import ConfigError
from transfer_core.text import Sentence

__all__ = ["FORMATS", "Format", "get_format"]

_SAME = 1e-4
_HALF = 2e-2


@dataclass(frozen=True)
class Format:
    """One format."""

    name: str
    """As on the command line."""
    title: Sentence
    about: Sentence
    """For whom it is."""
    model: str
    """The file or folder that holds the model, in the bundle."""
    writer: str
    """The module of `nn.export.formats` that writes it; empty: it is what training has saved."""
    runtime: str
    """The file of `nn.export.programs` that runs it, which imports nothing of Thaw."""
    needs: tuple[str, ...]
    """What to install where it is used, beside NumPy and Pillow: lines of requirements.txt."""
    limit: float | None = _SAME
    """Largest difference in a probability from the app that is let pass; None: it loses accuracy by its nature, and how
    much is measured."""
    extra: str = ""
    """The extra of Thaw that installs what writes and checks it; empty: it is there."""
    modules: tuple[str, ...] = ()
    """What that extra brings, by the names that are imported."""

    knows: bool = True
    """Whether the model gives features, too, by which it tells what is none of its classes."""
    place: Literal["", "page", "hub"] = ""
    """What is made of the model and what lies beside it, where a model alone is not what is asked for: a page for a
    browser, or a repository of the Hugging Face Hub. Both are folders."""

    @property
    def is_folder(self) -> bool:
        """Whether the model is a folder."""
        return bool(self.place) or "." not in self.model

    @property
    def missing(self) -> list[str]:
        """What of `modules` is not installed."""
        return [name for name in self.modules if importlib.util.find_spec(name) is None]

    def check_installed(self) -> None:
        """Raise ConfigError with the line that installs what is missing."""
        if missing := self.missing:
            raise ConfigError(
                "To write {title} files, {missing} must be installed. Run: pip install 'thaw[{extra}]'",
                title=self.title,
                missing=missing,
                extra=self.extra,
            )


FORMATS: tuple[Format, ...] = (
    Format(
        "keras",
        Sentence("Keras"),
        Sentence("To go on with it in Python: to look inside, to train on."),
        "model.keras",
        "",
        "keras_runtime",
        ("keras>=3.12", "tensorflow>=2.21"),
    ),
    Format(
        "tflite",
        Sentence("TensorFlow Lite"),
        Sentence("For telephones, small computers and web pages: the smallest program that runs it."),
        "model.tflite",
        "litert",
        "litert_runtime",
        ("ai-edge-litert>=2.0",),
    ),
    Format(
        "tflite-float16",
        Sentence("TensorFlow Lite, half the size"),
        Sentence("The same with its numbers rounded to half their digits."),
        "model.tflite",
        "litert_float16",
        "litert_runtime",
        ("ai-edge-litert>=2.0",),
        limit=_HALF,
    ),
    Format(
        "tflite-int8",
        Sentence("TensorFlow Lite, a quarter of the size"),
        Sentence("With whole numbers from -128 to 127: for the smallest devices. It may answer some photos otherwise."),
        "model.tflite",
        "litert_int8",
        "litert_runtime",
        ("ai-edge-litert>=2.0",),
        limit=None,
    ),
    Format(
        "android",
        Sentence("TensorFlow Lite for Android"),
        Sentence(
            "For the image classifiers of Android and MediaPipe, which find its classes in the file. They read photos "
            "a little differently from Thaw, and never say *none of these*."
        ),
        "model.tflite",
        "litert_android",
        "litert_runtime",
        ("ai-edge-litert>=2.0",),
        knows=False,
    ),
    Format(
        "browser",
        Sentence("A page for a browser"),
        Sentence("A folder for any web server: drop photos or use the camera. No photo leaves the browser."),
        "model.tflite",
        "litert",
        "litert_runtime",
        ("ai-edge-litert>=2.0",),
        place="page",
    ),
    Format(
        "hub",
        Sentence("A repository of the Hugging Face Hub"),
        Sentence("A folder to upload there by yourself; Thaw uploads nothing. Keras loads it from there by name."),
        "model.keras",
        "",
        "keras_runtime",
        ("keras>=3.12", "tensorflow>=2.21"),
        place="hub",
    ),
    Format(
        "onnx",
        Sentence("ONNX"),
        Sentence("For programs in C#, Java, JavaScript, Rust and others, by ONNX Runtime."),
        "model.onnx",
        "onnx_file",
        "onnx_runtime",
        ("onnxruntime>=1.20",),
        extra="onnx",
        modules=("onnx", "tf2onnx", "onnxruntime"),
    ),
    Format(
        "openvino",
        Sentence("OpenVINO"),
        Sentence("For Intel processors, where it is often the fastest."),
        "openvino_model",
        "openvino_folder",
        "openvino_runtime",
        ("openvino>=2025.0",),
        extra="openvino",
        modules=("openvino",),
    ),
    Format(
        "savedmodel",
        Sentence("SavedModel"),
        Sentence("For TensorFlow's own tools, such as TensorFlow Serving."),
        "saved_model",
        "saved_model",
        "saved_model_runtime",
        ("tensorflow>=2.21",),
    ),
)


def get_format(name: str) -> Format:
    """The format called `name`.

    Raises:
        ConfigError: there is none; the message lists those there are.
    """
    for row in FORMATS:
        if row.name == name:
            return row
    raise ConfigError(
        "There is no format {name!r}. There are: {names}.", name=name, names=[row.name for row in FORMATS]
    )
