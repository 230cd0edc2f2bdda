"""A lesson: a teacher and two people at one server, each with photos and classifiers of their own."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import PATIENCE, WIDTH, Person
from tests.classroom.school import NAME, School


def enter(school: School, number: int, name: str = "", named: bool = False) -> Callable[[Page], None]:
    """Come in at the door by the code of a seat."""

    def at_the_door(page: Page) -> None:
        page.get_by_label("The code on your sheet").fill(school.room.seats[number].code.lower())
        page.get_by_label("Your name, if you like").fill(name)
        page.get_by_label("Show this name").set_checked(named)
        page.get_by_role("button").click()

    return at_the_door


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """A running classroom for three."""
    running = School(tmp_path / "thaw-home")
    running.start()
    yield running
    running.kill()


def test_a_lesson(browser: Browser, school: School) -> None:
    teacher = Person(browser, school.url, enter=enter(school, 0, "Ms. Ray"))
    teacher.sees("Teach a computer to tell your photos apart")
    teacher.click("sample_shapes")
    teacher.sees("Photos")
    expect(teacher.at("next_base").get_by_role("button")).to_be_enabled(timeout=2 * PATIENCE)

    # The teacher hands it out; nobody is here yet.
    teacher.page.get_by_role("link", name="The class", exact=True).click()
    teacher.sees(NAME)
    teacher.text("Nobody has come in yet")
    teacher.can_be_used_by_all()
    teacher.click("hand_out")
    teacher.text("240 photos")
    teacher.picture("class", height=1100)

    # The door, for whoever has no code, and then for those who have one.
    stranger = browser.new_context().new_page()
    stranger.goto(f"{school.url}/classroom")
    expect(stranger).to_have_url(f"{school.url}/join")
    stranger.get_by_label("The code on your sheet").fill("AAAA-AAAA")
    stranger.get_by_role("button").click()
    expect(stranger.get_by_role("alert")).to_contain_text("opens nothing here")
    stranger.close()
    ann = Person(browser, f"{school.url}/join#{school.room.seats[1].code}", enter=by_the_sheet)
    bo = Person(browser, school.url, enter=enter(school, 2, "Bo <b>"))
    for person in (ann, bo):
        person.sees("Teach a computer to tell your photos apart")
        expect(person.page.get_by_role("link", name="The class", exact=True)).to_have_count(0)
        expect(person.at("disk_space")).to_have_count(0)
        person.page.get_by_role("button", name="Start with it").click()
        person.sees("Photos")
        expect(person.at("next_base").get_by_role("button")).to_be_enabled(timeout=2 * PATIENCE)
        expect(person.page.get_by_role("tab", name="Folder on this computer")).to_have_count(0)
        person.goes_on_to_train()

    # What one makes is nobody else's, whoever has its address.
    stolen = ann.page.url
    thief = bo.page.context.new_page()
    thief.goto(stolen)
    expect(thief.get_by_role("heading", level=1)).to_have_text("No project is open")
    thief.goto(f"{school.url}/classroom")
    expect(thief.get_by_role("heading", level=1)).to_have_text("Teach a computer to tell your photos apart")
    thief.close()

    # Both train, one after the other on a small machine; the server is killed meanwhile, and nothing is lost.
    for person in (ann, bo):
        person.click("train")
        person.text("Wait|Starting|epoch|photo", "live")  # the click has taken effect
    school.kill()
    school.start()
    for person in (ann, bo):
        person.page.reload()
        person.sees("Train")
        person.has_trained()

    # The board: a name only where its person wished so.
    ann.page.get_by_role("link", name="The class's board").click()
    ann.sees("The class's board")
    ann.text(r"Ann \(you\)")
    ann.text("Somebody")
    ann.text("2 people have a classifier")
    assert "Bo" not in ann.page.get_by_test_id("stMain").inner_text()
    ann.can_be_used_by_all()
    ann.at_width(400)
    ann.page.set_viewport_size({"width": WIDTH, "height": 900})

    # The end: everybody is put out, and the teacher takes everything along.
    teacher.page.goto(f"{school.url}/classroom")
    teacher.sees(NAME)
    teacher.text("2 came in by theirs")
    teacher.click("end_lesson")
    teacher.text("The lesson ended")
    ann.page.get_by_role("link", name="Thaw").click()
    ann.sees("You are not in this room any more")
    teacher.click("collect")
    teacher.page.get_by_role("link", name="Download").wait_for(timeout=PATIENCE)
    with zipfile.ZipFile(io.BytesIO(teacher.page.request.get(f"{school.url}/collected").body())) as archive:
        assert sorted(name.partition("/")[0] for name in archive.namelist()) == ["001", "002", "people.txt"]
    teacher.settled()
    teacher.at("sure_to_delete").get_by_text("I have taken along").click()
    teacher.settled()
    teacher.click("delete_all")
    teacher.text("Everything is deleted")
    assert [len(school.room.workspace(seat).list_projects()) for seat in school.room.seats[:3]] == [1, 0, 0]
    for person in (teacher, ann, bo):
        assert person.errors == []


def by_the_sheet(page: Page) -> None:
    """The QR code on the sheet has filled the code in."""
    expect(page.get_by_label("Your name, if you like")).to_be_focused()
    page.keyboard.type("Ann")
    page.get_by_label("Show this name").check()
    page.keyboard.press("Enter")
