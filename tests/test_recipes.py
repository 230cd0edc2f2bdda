"""The README's recipes, each followed to the letter in a copy of the repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from babel.messages.pofile import read_po, write_po
from PIL import Image

ROOT = Path(__file__).parents[1]


class Copy:
    """A copy of what ships, to be changed and run."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "thaw"
        ignored = shutil.ignore_patterns("__pycache__", "_app")
        for name in ("transfer_core", "pages", "app.py", ".streamlit"):
            path = ROOT / name
            if path.is_dir():
                shutil.copytree(path, self.root / name, ignore=ignored)
            else:
                shutil.copy(path, self.root / name)

    def write(self, path: str, text: str) -> None:
        """A new file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        """A change to one that is there."""
        text = (self.root / path).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def python(self, *arguments: str, **environment: str) -> str:
        """What Python prints, run in the copy."""
        told = os.environ | {"PYTHONPATH": str(self.root), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=told, capture_output=True, encoding="utf-8"
        )
        assert done.returncode in (0, 2), done.stderr
        return done.stdout + (done.stderr if done.returncode else "")

    def app(self, *lines: str) -> None:
        """Run the app without a browser; each line is Python that looks at or changes `at`, an AppTest."""
        begin = (
            "from streamlit.testing.v1 import AppTest\n"
            "from pages.ui import services\n"
            "services.warm = lambda likely=None: None\n"
            "from transfer_core.disk.workspace import Workspace\n"
            "project = Workspace.from_environment().create_project('Mine')\n"
            "at = AppTest.from_file('app.py', default_timeout=60)\n"
            "at.query_params['project'] = project.id\n"
            "at.run()\n"
        )
        self.python("-c", begin + "\n".join([*lines, "assert not at.exception, at.exception"]))


@pytest.fixture
def copy(tmp_path: Path, thaw_home: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four noisy pictures of each of two classes."""
    generator = np.random.default_rng(0)
    for name in ("blue", "red"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            picture = generator.integers(0, 255, (24, 24, 3), np.uint8)
            Image.fromarray(picture).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def test_add_a_base(copy: Copy) -> None:
    copy.write(
        "transfer_core/nn/backbones/tiny.py",
        '"""A base of two convolutions."""\n\n'
        "import keras\n\n"
        "def build(size: int) -> keras.Model:\n"
        "    photo = keras.Input((size, size, 3))\n"
        "    x = keras.layers.Conv2D(8, 3, strides=2, activation='relu', name='first_conv')(photo)\n"
        "    return keras.Model(photo, keras.layers.Conv2D(8, 3, activation='relu', name='second_conv')(x))\n",
    )
    copy.edit(
        "transfer_core/backbones/catalog.py",
        "BASES: tuple[Base, ...] = (\n",
        "BASES: tuple[Base, ...] = (\n"
        "    Base(\n"
        '        name="tiny",\n'
        '        title="Tiny",\n'
        '        builder="transfer_core.nn.backbones.tiny:build",\n'
        "        input_size=32,\n"
        "        minimum_size=32,\n"
        '        scaling="tf",\n'
        "        parameters=808,\n"
        "        top1=0.1,\n"
        "        top5=None,\n"
        '        source="https://example.org/tiny",\n'
        "        gflops=0.001,\n"
        '        weights=Weights("file", "tiny.weights.h5", None, "", 0, "nobody"),\n'
        '        blurb=Sentence("A base for a test."),\n'
        "    ),\n",
    )
    listed = json.loads(copy.python("-m", "transfer_core", "bases", "--json"))["bases"]
    assert listed[0]["name"] == "tiny"
    tree = json.loads(copy.python("-m", "transfer_core", "layers", "tiny", "--json"))["tree"]
    layers = [layer["name"] for stage in tree["children"] for block in stage["children"] for layer in block["children"]]
    assert {"first_conv", "second_conv"} <= set(layers)


def help_part(name: str, title: str) -> str:
    """The part of the help that a page called `name` gets."""
    return (
        "    page_part(\n"
        f'        "{name}",\n'
        f'        Sentence("{title}"),\n'
        '        Sentence("What it is for."),\n'
        '        do=(Sentence("Look."),),\n'
        '        trouble=(Sentence("**It is dark.** Switch on the light."),),\n'
        "    ),\n"
    )


def helped(name: str, title: str) -> tuple[str, ...]:
    """Lines for `Copy.app`: the help on it is there, and leads back."""
    return (
        "at.switch_page('pages/help/page.py')",
        f"at.query_params.update(project=project.id, part='{name}', back='{name}')",
        "at.run()",
        f"assert at.title[0].value == 'Help: {title}'",
        f"assert [one for one in at.get('page_link') if one.proto.label == 'Back: {title}']",
    )


def test_add_a_page(copy: Copy) -> None:
    copy.write("pages/hello/__init__.py", '"""A page that greets."""\n')
    copy.write(
        "pages/hello/page.py",
        '"""A greeting."""\n\n'
        "from pages.ui.frame import heading, require_project\n"
        "from transfer_core.text import t\n\n"
        "require_project()\n"
        'heading(t("Hello"), t("This page greets."))\n',
    )
    copy.edit(
        "app.py",
        '    st.Page(page_path("labs"),',
        '    st.Page(page_path("hello"), title=t("Hello"), url_path="hello"),\n    st.Page(page_path("labs"),',
    )
    copy.edit("pages/help/steps.py", "STEPS = (\n", "STEPS = (\n" + help_part("hello", "Hello"))
    copy.app(
        "at.switch_page('pages/hello/page.py')",
        "at.query_params['project'] = project.id",
        "at.run()",
        "assert at.title[0].value == 'Hello'",
        *helped("hello", "Hello"),
    )


def test_add_a_photo_format(copy: Copy, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for shade in (10, 90):
            path = tmp_path / "photos" / name / f"{shade}.sgi"
            Image.new("RGB", (9, 8), (shade, len(name), ord(name[0]))).save(path)
    check = ("-m", "transfer_core", "check", str(tmp_path / "photos"), "--json")
    assert "refused" in copy.python(*check)
    copy.edit("transfer_core/photos/reader.py", '"ICO", "HEIF")', '"ICO", "HEIF", "SGI")')
    told = json.loads(copy.python(*check))
    assert (told["imported"], told["refused"]) == (4, [])


def test_add_a_lab(copy: Copy, photos: Path) -> None:
    copy.edit("transfer_core/labs/__init__.py", '"health", "stress")', '"health", "stress", "counting")')
    copy.write("transfer_core/labs/counting/__init__.py", '"""How many photos there are."""\n')
    copy.write(
        "transfer_core/labs/counting/settings.py",
        '"""What is counted."""\n\n'
        "from dataclasses import dataclass\n\n"
        "from transfer_core.labs.options import option\n\n"
        "NEEDS_WEIGHTS = False\n\n"
        "@dataclass(frozen=True)\n"
        "class Settings:\n"
        '    """How."""\n\n'
        '    times: int = option("--times", 1, "Count them so many times.")\n',
    )
    copy.write(
        "transfer_core/labs/counting/run.py",
        '"""Counts."""\n\n'
        "from transfer_core.text import Sentence\n\n"
        "def run(bench):\n"
        "    photos = len(bench.manifest.photos) * bench.settings.times\n"
        '    return {"photos": photos, "conclusion": Sentence("There are {n} photos.", n=photos)}\n',
    )
    copy.write(
        "transfer_core/labs/counting/terminal.py",
        '"""Count the photos in DATA."""\n\ndef table(found):\n    return f"counted: {found[\'photos\']}"\n',
    )
    copy.write("pages/labs/counting/__init__.py", '"""Counting."""\n')
    copy.write(
        "pages/labs/counting/card.py",
        "from pages.labs.card import LabCard\n"
        "from transfer_core.text import Sentence\n\n"
        "CARD = LabCard(\n"
        '    "counting", Sentence("Counting"), ":material/123:", Sentence("How many?")\n'
        ")\n",
    )
    copy.write(
        "pages/labs/counting/page.py",
        "import streamlit as st\n\n"
        "from pages.labs.counting.card import CARD\n"
        "from pages.labs.lab import Lab, lab_page\n"
        "from transfer_core.labs.counting.settings import Settings\n\n"
        "draw = lambda run, found: st.write(found)\n"
        "lab_page(Lab(CARD, 'About counting.', lambda project, photos: Settings(), draw))\n",
    )
    copy.edit("pages/help/labs.py", "LABS = (\n", "LABS = (\n" + help_part("counting", "Counting"))
    copy.write("pages/labs/counting/sketch.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert "--times" in copy.python("-m", "transfer_core", "counting", "--help")
    printed = copy.python("-m", "transfer_core", "counting", str(photos), "--times", "3")
    assert "counted: 24" in printed and "There are 24 photos." in printed
    copy.app(
        "at.switch_page('pages/labs/counting/page.py')",
        "at.query_params['project'] = project.id",
        "at.run()",
        "assert at.title[0].value == 'Counting'",
        "assert any('thaw-sketch' in one.proto.body and '<img' in one.proto.body for one in at.get('html'))",
        *helped("counting", "Counting"),
        "at.switch_page('pages/labs/page.py')",
        "at.query_params['project'] = project.id",
        "at.run()",
        "assert any('How many?' == one.value for one in at.markdown)",
    )


def test_write_your_own_lesson(copy: Copy, tmp_path: Path) -> None:
    saved = (
        "from transfer_core.lessons.how_deep import HOW_DEEP\nfrom transfer_core.lessons.lesson import lesson_text\n"
    )
    lesson = json.loads(copy.python("-c", saved + "print(lesson_text(HOW_DEEP))"))  # what the page's button saves
    lesson["title"] = "Which photos are hard?"
    lesson["steps"] = lesson["steps"][:1]
    changes = {"ask": "How many of ten?", "choices": ["Few", "Most"], "right": 2, "lab": "health", "settings": {}}
    lesson["steps"][0].update(changes)
    for name in ("trouble", "minutes"):
        del lesson["steps"][0][name]
    (tmp_path / "mine.json").write_text(json.dumps(lesson), "utf-8")
    told = ["from pathlib import Path", "from transfer_core.lessons.reading import read_lesson"]
    told += [f"own = read_lesson(Path({str(tmp_path / 'mine.json')!r}))", "print(own.steps[0].lab, own.title)"]
    assert copy.python("-c", "\n".join(told)).strip() == "health Which photos are hard?"
    copy.app(
        *told[:3],
        "from pages.labs.lesson.state import open_lesson",
        "open_lesson(project, own)",  # what dropping the file does
        "at.switch_page('pages/labs/lesson/page.py')",
        "at.query_params['project'] = project.id",
        "at.run()",
        "assert at.title[0].value == 'Which photos are hard?'",
        "assert 'How many of ten?' in [one.value for one in at.markdown]",
    )


def test_add_an_export_format(copy: Copy, photos: Path, tmp_path: Path) -> None:
    copy.edit(
        "transfer_core/exports/formats.py",
        "\n\ndef get_format(",
        "\nFORMATS += (\n"
        '    Format("json", Sentence("JSON"), Sentence("To read."), "model.json", "as_json", "json_runtime", ()),\n'
        ")\n\n\ndef get_format(",
    )
    copy.write(
        "transfer_core/nn/export/formats/as_json.py",
        '"""Only the head, for a test."""\n\n'
        "import json\n\n"
        "def write(model, path, examples, notes):\n"
        "    path.write_text(json.dumps([part.tolist() for part in model.get_layer('head').get_weights()]))\n",
    )
    # It knows no base, so what it answers is other than in the app, and refused.
    copy.write(
        "transfer_core/nn/export/programs/json_runtime.py",
        '"""Runs model.json."""\n\n'
        "import json\n\nimport numpy as np\n\n"
        "def load(folder):\n"
        "    kernel, bias = map(np.array, json.loads((folder / 'model.json').read_text()))\n"
        "    def answer(photo):\n"
        "        logits = np.full(len(kernel), photo.mean()) @ kernel + bias\n"
        "        shares = np.exp(logits - logits.max())\n"
        "        return shares / shares.sum(), np.ones(len(kernel))\n"
        "    return answer\n",
    )
    copy.python("-m", "transfer_core", "train", str(photos), "--out", str(tmp_path / "run"), "--epochs", "2")
    out = tmp_path / "a.json"
    said = copy.python("-m", "transfer_core", "export", str(tmp_path / "run"), "--format", "json", "--out", str(out))
    assert "As JSON it answers" in said and "of 8 photos otherwise than here" in said and not out.exists()


def test_add_a_language(copy: Copy) -> None:
    copy.python("-m", "transfer_core.text", "fr")
    path = copy.root / "transfer_core/text/locales/fr/LC_MESSAGES/thaw.po"
    with path.open("rb") as file:
        begun = read_po(file, locale="fr")
    (sentence,) = [one for one in begun if str(one.id).startswith("There is no folder, zip or project called")]
    sentence.string = "Il n'y a ni dossier, ni archive, ni projet {data!r}." if "{data" in sentence.id else ""
    with path.open("wb") as file:
        write_po(file, begun)
    copy.python("-m", "transfer_core.text", "fr")
    told = copy.python("-m", "transfer_core", "check", "/nowhere/at/all", LC_ALL="fr_FR.UTF-8", PYTHONUTF8="1")
    assert told.strip() == "Il n'y a ni dossier, ni archive, ni projet '/nowhere/at/all'."
