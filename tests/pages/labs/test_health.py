"""Health: what was found is drawn, mended by one click, called fine, and brought back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.ui import services
from tests.pages.fake_engine import FakeEngine
from tests.pages.toys import toy_experiment, words
from tests.support import workspace
from transfer_core.disk.workspace import Project
from transfer_core.labs.experiment import experiment_config
from transfer_core.labs.health import verdict
from transfer_core.labs.health.settings import Settings

OpenPage = Callable[[str, str], AppTest]


def result_of(project: Project, **parts: Any) -> dict[str, Any]:
    """Of ten cats and ten dogs: two cats nearly the same, a cat like a dog, two wrong labels, two dark dogs."""
    photos = services.store(project).manifest().photos
    cats, dogs = ([one for one in photos if one.label == label] for label in (0, 1))
    classes = ("cat", "dog")

    def finding(kind: str, *groups: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        names = [one["photo"] for group in groups for one in group]
        return {"kind": kind, "photos": names, "advice": verdict.advice(kind), "groups": list(groups), **more}

    def named(photo: Any, **more: Any) -> dict[str, Any]:
        return verdict.named(photo, classes, **more)

    findings = [
        finding("copies_in_two_classes", [named(cats[0]), named(dogs[0])]),
        finding("near_copies", [named(cats[1]), named(cats[2])]),
        finding("wrong_label", *([named(cat, instead="dog", probability=0.91)] for cat in cats[3:5])),
        finding("dark", *([named(dog)] for dog in dogs[1:3])),
    ]
    facts = dict.fromkeys(verdict.FACT_NAMES, 0.5)
    return {
        "photos": 20,
        "classes": {"cat": 10, "dog": 10},
        "base": "efficientnet-lite0",
        "chance": 0.5,
        "facts": facts,
        "findings": findings,
        "shortcuts": [],
        "conclusion": verdict.conclude(20, findings, []),
        "how_sure": verdict.how_sure("Toy", labels=True),
        **parts,
    }


def opened(open_page: OpenPage, project: Project, **parts: Any) -> AppTest:
    toy_experiment(project, "health", Settings(), result_of(project, **parts))
    page = open_page("health", project.id)
    assert not page.exception
    return page


def button(page: AppTest, label: str, number: int = 0) -> Any:
    return [one for one in page.button if one.label == label][number]


def test_it_starts_with_the_photos_and_the_base(open_page: OpenPage, project: Project, engine: FakeEngine) -> None:
    page = open_page("health", project.id)
    assert not page.exception and "Looks at all 20 photos, also with EfficientNet-Lite0." in words(page)
    assert "Takes about" in words(page) and "Nothing has been tried here yet" in words(page)
    page.button(key="start_lab").click().run()
    (started,) = engine.started
    config = experiment_config(started)
    assert config.kind == "health" and config.data.source == project.id


def test_what_was_found_is_drawn(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    page = opened(open_page, project)
    said = words(page)
    for title in ("Nearly the same photo in two classes (2)", "Nearly the same photos (2)", "Very dark (2)"):
        assert title in said
    assert "8 of 20 photos deserve a second look" in said and said.count("→ dog, 91% sure") == 2
    assert "average color" in said and "finding is mended" not in said


def test_one_of_each_copy_is_kept_and_that_undone(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    page = opened(open_page, project)
    button(page, "Keep one of each (1 go)").click().run()
    assert not page.exception
    photos = services.store(project)
    assert photos.classes() == {"cat": 9, "dog": 10}
    assert "Nearly the same photos (2)" not in words(page) and "1 finding is mended." in words(page)
    page.button(key="undo_edit").click().run()
    assert photos.classes() == {"cat": 10, "dog": 10} and "Nearly the same photos (2)" in words(page)
    page.button(key="redo_edit").click().run()
    assert photos.classes() == {"cat": 9, "dog": 10}


def test_a_picture_in_two_classes_is_kept_in_one(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    page = opened(open_page, project)
    button(page, "Keep as dog").click().run()
    assert services.store(project).classes() == {"cat": 9, "dog": 10}
    assert "in two classes" not in words(page)


def test_a_wrong_label_is_moved_or_said_to_be_right(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    page = opened(open_page, project)
    button(page, "Move it to dog").click().run()
    photos = services.store(project)
    assert photos.classes() == {"cat": 9, "dog": 11} and "Perhaps in the wrong class (1)" in words(page)
    button(page, "It is right").click().run()
    assert photos.classes() == {"cat": 9, "dog": 11} and "Perhaps in the wrong class (" not in words(page)
    assert "1 finding is mended. You called 1 fine." in words(page)
    # It stays so, in another session and of another check, until it is asked for again.
    assert workspace().open_project(project.id).choices["fine"]
    button(page, "Show again what is fine").click().run()
    assert "Perhaps in the wrong class (1)" in words(page) and "You called" not in words(page)


def test_a_photo_that_was_in_two_classes_counts_as_mended_and_comes_back(
    recent_apptest: None, open_page: OpenPage, project: Project, tmp_path: Path
) -> None:
    photos = services.store(project)
    cat = photos.photos("cat")[0]
    folder = tmp_path / "twin" / "dog"
    folder.mkdir(parents=True)
    (folder / "twin.jpg").write_bytes(Path(cat.path).read_bytes())
    photos.import_folder(folder.parent)
    findings = verdict.copies([], [], ["cat", "dog"], photos.manifest().set_aside)
    page = opened(open_page, project, findings=findings)
    assert "One photo, two classes (2)" in words(page) and "its 2 photos are left out" in words(page)
    button(page, "Keep as cat").click().run()
    assert "One photo, two classes" not in words(page) and "1 finding is mended." in words(page)
    page.button(key="undo_edit").click().run()
    assert "One photo, two classes (2)" in words(page) and "mended" not in words(page)


def test_poor_photos_are_removed_at_once(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    page = opened(open_page, project)
    button(page, "Remove all 2").click().run()
    assert services.store(project).classes() == {"cat": 10, "dog": 8} and "Very dark" not in words(page)
    for label in ("They are different", "They are different", "All of them are fine"):  # the other kinds
        button(page, label).click().run()
    assert "Nothing is left to mend here" in words(page) and "deserve a second look" in words(page)


def test_a_class_that_was_renamed_since_is_the_same_class(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    page = opened(open_page, project)
    services.store(project).rename_class("dog", "puppy")
    page.run()
    assert not page.exception
    assert "Perhaps in the wrong class (2)" in words(page) and "→ puppy, 91% sure" in words(page)
    button(page, "Move it to puppy").click().run()
    assert services.store(project).classes() == {"cat": 9, "puppy": 11}


def test_a_photo_with_two_findings_is_called_fine_in_one(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    found = result_of(project)["findings"]
    dark = found[3]
    tiny = dark | {"kind": "tiny", "advice": verdict.advice("tiny")}
    page = opened(open_page, project, findings=[dark, tiny])
    button(page, "It is fine", 2).click().run()
    assert "You called 1 fine." in words(page) and "mended" not in words(page)
    assert "Very dark (2)" in words(page) and "Very small (1)" in words(page)


def test_classes_that_became_one_leave_nothing_to_move(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    page = opened(open_page, project)
    photos = services.store(project)
    button(page, "Move it to dog").click().run()
    photos.merge_classes(["cat", "dog"], "pet")
    page.run()
    assert not page.exception
    assert "Perhaps in the wrong class (" not in words(page) and "→ pet" not in words(page)


def test_a_class_that_is_gone_is_no_place_to_move_to(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    page = opened(open_page, project)
    photos = services.store(project)
    button(page, "Move it to dog").click().run()  # one cat is among the dogs, which makes them no cats
    photos.delete_class("cat")
    page.run()
    assert not page.exception and "Perhaps in the wrong class (" not in words(page)
    page.button(key="undo_edit").click().run()
    photos.delete_class("dog")
    page.run()
    assert not page.exception and not [one for one in page.button if one.label.startswith("Move it to")]


def test_names_that_were_exchanged_are_followed(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    page = opened(open_page, project)
    photos = services.store(project)
    for old, new in (("cat", "x"), ("dog", "cat"), ("x", "dog")):
        photos.rename_class(old, new)
    page.run()
    assert "Perhaps in the wrong class (2)" in words(page) and words(page).count("→ cat, 91% sure") == 2
    assert "mended" not in words(page)


def test_a_label_is_right_only_as_long_as_it_is_the_label(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    page = opened(open_page, project)
    photos = services.store(project)
    photos.add_class("pig")
    photos.move_photos([one.id for one in photos.photos("dog")[-2:]], "pig")
    button(page, "It is right").click().run()
    assert "Perhaps in the wrong class (1)" in words(page)
    (first, *_) = result_of(project)["findings"][2]["groups"][0]
    (photo,) = [one for one in photos.photos() if one.sha256 == first["sha256"]]
    photos.move_photos([photo.id], "pig")
    again = result_of(project)["findings"][2]
    pig = {**first, "truth": "pig", "instead": "dog"}
    page = opened(open_page, project, findings=[again | {"groups": [[pig]], "photos": [pig["photo"]]}])
    assert "Perhaps in the wrong class (1)" in words(page), "nobody said that it is a pig"


def test_nothing_is_left_only_when_nothing_is(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    told = [{"fact": "border", "accuracy": 0.97, "chance": 0.5, "classes": ["cat"]}]
    page = opened(open_page, project, findings=result_of(project)["findings"][3:], shortcuts=told)
    button(page, "Remove all 2").click().run()
    assert "1 finding" not in words(page) and "2 findings are mended." in words(page)
    assert "Nothing is left" not in words(page), "the shortcut is"


def test_shortcuts_follow_a_class_to_its_new_name(recent_apptest: None, open_page: OpenPage, project: Project) -> None:
    told = [{"fact": "border", "accuracy": 0.97, "chance": 0.5, "classes": ["cat"]}]
    page = opened(open_page, project, shortcuts=told)
    services.store(project).rename_class("cat", "pussycat")
    page.run()
    assert "gives away **pussycat**" in words(page) and words(page).count('class="thaw-strip"') == 2


def test_shortcuts_and_classes_are_shown_with_their_photos(
    recent_apptest: None, open_page: OpenPage, project: Project
) -> None:
    told = [
        {"fact": fact, "accuracy": accuracy, "chance": 0.5, "classes": ["cat"]}
        for fact, accuracy in (("border", 0.97), ("average_color", 0.9))
    ]
    findings = [
        {"kind": "few_photos", "photos": [], "advice": verdict.advice("few_photos"), "groups": [], "classes": ["cat"]},
        {
            "kind": "alike_classes",
            "photos": [],
            "advice": verdict.advice("alike_classes"),
            "groups": [],
            "classes": ["cat", "dog"],
            "share": 0.4,
        },
    ]
    page = opened(
        open_page, project, shortcuts=told, findings=findings, conclusion=verdict.conclude(20, findings, told)
    )
    said = words(page)
    assert "A shortcut: the border" in said and "right for 97% of them" in said and "gives away **cat**" in said
    assert "The same can be told from: average color." in said and said.count("A shortcut: ") == 1
    assert said.count('class="thaw-strip"') == 2, "photos of the class, and of the others"
    assert "**cat (10)**, where the largest class has 10." in said
    assert "**cat and dog**: 40% of their photos are taken for the other class." in said


def test_what_was_stopped_early_shows_nothing(open_page: OpenPage, project: Project) -> None:
    toy_experiment(project, "health", Settings(), None, "STOPPED", "Stopped.")
    page = open_page("health", project.id)
    assert not page.exception and "How far plain facts" not in words(page)
