"""The past of an annotation in a real browser: undo that goes on by saves, the history, the ledger of time."""

import re
import uuid

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import LABELS, PROVENANCE, Annotation, Revision
from annotation.reading import plane_bands, tiles_at
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in, wait_until_drawn
from projects.tests.factories import ImageFactory, MembershipFactory

NAME = "field-1.png"
STROKES = [((-150, -80), (0, -60)), ((-60, 0), (80, 20)), ((0, 60), (100, 90))]


@pytest.fixture
def work(project, annotator):
    """An image of tissue that Anna is to label."""
    pixels, _ = tissue_phantom(360, 500, seed=1)
    ImageFactory(project=project, name=NAME, pixels=pixels)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def editor(page, live_server, work):
    log_in(page, live_server.url, "anna")
    return open_editor(page, live_server, work)


def open_editor(page, live_server, annotation) -> Editor:
    page.goto(live_server.url + reverse("editor", args=[annotation.pk]))
    editor = Editor(page)
    editor.wait_until_open(NAME)
    return editor


def stored(annotation: Annotation, plane: int = LABELS, number: int | None = None) -> np.ndarray:
    annotation.refresh_from_db()
    tiles = tiles_at({annotation.pk: annotation.head if number is None else number}, plane)[annotation.pk]
    return np.concatenate(list(plane_bands(annotation.image, tiles)))


def save(editor: Editor, revision: int) -> None:
    editor.page.keyboard.press("Control+s")
    expect(editor.page.locator("body")).to_have_attribute("data-revision", str(revision))
    editor.wait_until_saved()


@pytest.fixture
def saves(editor) -> list[np.ndarray]:
    """Three strokes of three categories, each saved: what the labels were at each revision."""
    painter = Painter(500, 360)
    states = [painter.mask.copy()]
    editor.set_diameter(15)
    for value, stroke in enumerate(STROKES, start=1):
        editor.page.keyboard.press(str(value))
        painter.stroke(editor.drag(*stroke), 15, value)
        save(editor, value)
        states.append(painter.mask.copy())
    return states


def assert_stored(work, labels: np.ndarray, number: int | None = None) -> None:
    assert np.array_equal(stored(work, LABELS, number), labels)
    assert np.array_equal(stored(work, PROVENANCE, number), labels > 0)


def test_undo_goes_on_by_saves_after_a_reload_and_redo_comes_back(editor, saves, work, live_server):
    page = editor.page
    open_editor(page, live_server, work)
    notice, undo = page.locator("#notice"), page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(notice).to_contain_text(re.compile(r"Undo goes on by saves: back to the state of \d\d:\d\d:\d\d\."))
    save(editor, 4)
    assert_stored(work, saves[2])
    undo.click()
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    expect(notice).to_contain_text("Undo goes on by saves")
    save(editor, 5)
    assert_stored(work, saves[1])
    page.keyboard.press("Control+z")
    expect(notice).to_contain_text("back to the empty start")
    expect(undo).to_be_disabled()
    save(editor, 6)
    assert_stored(work, saves[0])
    for _ in range(3):
        page.keyboard.press("Control+Shift+z")
    save(editor, 7)
    assert_stored(work, saves[3])


def test_strokes_since_the_reload_are_undone_first(editor, saves, work, live_server):
    page = editor.page
    open_editor(page, live_server, work)
    page.keyboard.press("1")
    editor.drag((-50, 100), (50, 110))
    page.keyboard.press("Control+z")
    save(editor, 4)
    assert_stored(work, saves[3])
    page.keyboard.press("Control+z")
    expect(page.locator("#notice")).to_contain_text("Undo goes on by saves")
    save(editor, 5)
    assert_stored(work, saves[2])


def test_nothing_is_missing_from_the_list_after_many_saves_elsewhere(editor, work):
    page, listed = editor.page, editor.page.locator("#history [data-revision]")
    editor.drag((-50, 0), (50, 0))
    save(editor, 1)
    page.keyboard.press("Shift+H")
    expect(listed).to_have_count(1)
    page.keyboard.press("Shift+H")
    first = work.revisions.get()
    same = {"annotation": work, "author": first.author, "kind": "checkpoint", "instructions_version": 1}
    same |= {"saved_sha256": "0" * 64, "request_sha256": "0" * 64}
    work.revisions.bulk_create(
        Revision(number=number, parent=number - 1, idempotency_key=str(uuid.uuid4()), **same)
        for number in range(2, 152)
    )
    Annotation.objects.filter(pk=work.pk).update(head=151)
    page.keyboard.press("Shift+H")
    expect(listed).to_have_count(100)
    page.get_by_role("button", name="Older", exact=True).click()
    expect(listed).to_have_count(151)
    numbers = listed.evaluate_all("all => all.map((each) => Number(each.dataset.revision))")
    assert numbers == list(range(151, 0, -1))


def shown(page, x: int, y: int) -> list[int]:
    """The colour of the labels' layer at an image pixel."""
    wait_until_drawn(page)
    return page.evaluate(
        """([x, y]) => {
            const [scale, left, top] = document.querySelector("#stage").dataset.view.split(" ").map(Number);
            const canvas = document.querySelector(".stage-labels");
            const box = canvas.getBoundingClientRect();
            const at = [left - box.left + (x + 0.5) * scale, top - box.top + (y + 0.5) * scale];
            return [...canvas.getContext("2d").getImageData(...at.map((one) => one * devicePixelRatio), 1, 1).data];
        }""",
        [x, y],
    )


def test_a_revision_is_looked_at_and_brought_back_and_that_can_be_undone(editor, saves, work):
    page = editor.page
    y, x = np.argwhere(saves[3] == 3)[30]
    page.keyboard.press("1")
    editor.drag((-50, 100), (50, 110))  # not saved yet
    present = page.locator("#history [data-revision]")
    page.keyboard.press("Shift+H")
    expect(present).to_have_count(3)
    expect(page.locator("#history")).to_contain_text("1 stroke")
    assert shown(page, int(x), int(y))[3] == 255
    present.nth(1).click()
    expect(page.locator("#looking")).to_contain_text("Labels as of")
    expect(present.nth(1)).to_have_attribute("aria-pressed", "true")
    assert shown(page, int(x), int(y))[3] == 0
    editor.drag((-100, 50), (100, 50))  # moves the image, paints nothing
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    expect(page.locator("#looking")).to_be_hidden()
    assert shown(page, int(x), int(y))[3] == 255
    present.nth(1).click()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-revision", "5")
    expect(page.locator("#notice")).to_contain_text("are the newest now")
    assert_stored(work, saves[2])
    assert work.revisions.get(number=5).kind == "restore"
    unsaved = stored(work, LABELS, 4)
    assert np.array_equal(np.where(unsaved == saves[3], 0, unsaved) > 0, unsaved != saves[3])
    assert (unsaved != saves[3]).sum() > 500
    expect(page.locator("#save-state")).to_have_attribute("data-phase", "saved")
    expect(present.first).to_contain_text("Restored")
    page.keyboard.press("Control+z")
    save(editor, 6)
    assert np.array_equal(stored(work), unsaved)
    assert np.array_equal(stored(work, PROVENANCE), unsaved > 0)


def test_whoever_may_only_look_sees_the_history_and_cannot_bring_anything_back(
    editor, saves, work, browser, browser_context_args, live_server
):
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    log_in(page, live_server.url, "carla")
    open_editor(page, live_server, work)
    page.get_by_role("button", name="History").click()
    rows = page.locator("#history [data-revision]")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("by anna")
    y, x = np.argwhere(saves[3] == 3)[30]
    rows.nth(2).click()
    expect(page.locator("#looking")).to_be_visible()
    assert shown(page, int(x), int(y))[3] == 0
    expect(page.get_by_role("button", name="Restore", exact=True)).to_be_hidden()
    context.close()


def test_pictures_show_what_was_saved_in_the_colours_of_the_categories(editor, saves, project):
    page = editor.page
    page.keyboard.press("Shift+H")
    picture = page.locator("#history canvas").nth(1)
    expect(picture).to_have_js_property("width", 125)
    drawn = picture.evaluate("(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 125, 90).data]")
    pixels = np.array(drawn, np.uint8).reshape(90, 125, 4)
    labels = saves[2][::4, ::4]
    assert np.array_equal(pixels[..., 3] > 0, labels > 0)
    for category in project.categories.filter(value__in=[1, 2]):
        colors = {tuple(pixel) for pixel in pixels[labels == category.value][:, :3]}
        assert colors == {tuple(bytes.fromhex(category.color[1:]))}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_autosaves_are_folded_away_and_the_history_is_accessible(editor, saves, work, scheme):
    work.revisions.filter(number__lt=3).update(kind="autosave")
    page = editor.page
    page.keyboard.press("Shift+H")
    rows = page.locator("#history [data-revision]:visible")
    expect(rows).to_have_count(1)
    page.get_by_text("2 autosaves").click()
    expect(rows).to_have_count(3)
    rows.nth(1).click()
    expect(page.locator("#looking")).to_be_visible()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_conflict_while_bringing_back_changes_nothing(
    editor, saves, work, browser, browser_context_args, live_server, troubles
):
    context = browser.new_context(**browser_context_args)
    log_in(context.new_page(), live_server.url, "anna")
    other = open_editor(context.pages[0], live_server, work)
    other.page.keyboard.press("1")
    other.drag((-50, 100), (50, 110))
    save(other, 4)
    newest = stored(work)
    page = editor.page
    page.keyboard.press("Shift+H")
    page.locator("#history [data-revision]").nth(2).click()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_role("heading", name="Two versions of these labels")).to_be_visible()
    assert [trouble[:3] for trouble in troubles] == ["412"]
    troubles.clear()
    assert np.array_equal(stored(work), newest)
    assert work.head == 4
    context.close()


def test_the_ledger_tells_time_strokes_and_pixels_of_each_save(page, live_server, work):
    page.clock.install()
    log_in(page, live_server.url, "anna")
    editor, painter = open_editor(page, live_server, work), Painter(500, 360)
    save(editor, 1)
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.keyboard.press("1")
    editor.set_diameter(15)

    def drag(*points, button="left"):
        """Like `Editor.drag`, which waits for words that never come while the clock stands still."""
        pixels = [tuple(map(int, editor.place(*points[0])))]
        page.mouse.down(button=button)
        pixels += [tuple(map(int, editor.place(*point))) for point in points[1:]]
        page.mouse.up(button=button)
        return pixels

    page.clock.run_for(20_000)
    painter.stroke(drag(*STROKES[0]), 15, 1)
    page.clock.run_for(31_000)
    page.keyboard.press("2")
    painter.stroke(drag(*STROKES[0][::-1]), 15, 2)
    page.clock.run_for(5000)
    drag(*STROKES[0], button="right")
    page.keyboard.press("Control+z")
    page.clock.run_for(2500)
    page.keyboard.press("Control+s")
    page.clock.resume()
    editor.wait_until_saved()
    ledgers = [revision.activity for revision in work.revisions.filter(number__gt=1)]  # it saved by itself, too
    assert [sum(each.get(name, 0) for each in ledgers) for name in ("undone", "redone")] == [1, 0]
    assert 27_500 <= sum(each["active_ms"] for each in ledgers) < 32_000
    pixels = int((painter.mask > 0).sum())
    painted = [entry for each in ledgers for entry in each.get("painted", [])]
    assert sorted(painted, key=lambda entry: entry["category"]) == [
        {"tool": 0, "category": 0, "strokes": 1, "pixels": pixels},
        {"tool": 1, "category": 1, "strokes": 1, "pixels": pixels},
        {"tool": 1, "category": 2, "strokes": 1, "pixels": pixels},
    ]
