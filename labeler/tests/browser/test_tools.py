"""Every tool and manner of painting, with a real pointer; the stored labels are compared pixel by pixel."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import PROVENANCE
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in
from labeler.tests.browser.test_editor import stored
from projects.tests.factories import ImageFactory, MembershipFactory

BRUSH, AREA = 1, 6
WIDTH, HEIGHT = 340, 280  # more than a tile of the editor both ways


@pytest.fixture
def work(project, annotator):
    pixels, _ = tissue_phantom(HEIGHT, WIDTH, seed=1)
    ImageFactory(project=project, name="field.png", pixels=pixels)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def editor(page, live_server, work):
    log_in(page, live_server.url, "anna")
    page.get_by_role("link", name=re.compile("Start labelling")).click()
    editor = Editor(page)
    editor.wait_until_open("field.png")
    return editor


def save(editor: Editor) -> None:
    editor.page.keyboard.press("Control+s")
    editor.wait_until_saved()


def take(editor: Editor, key: str, name: str) -> None:
    editor.page.keyboard.press(key)
    expect(editor.page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


def test_fill_holes_and_picker(editor, work):
    page, painter, tools = editor.page, Painter(WIDTH, HEIGHT), Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(7)
    frame = [(-200, -150), (150, -140), (160, 170), (-190, 160), (-200, -150)]
    pixels = editor.drag(*frame)
    painter.stroke(pixels, 7, 1)
    page.keyboard.press("2")
    editor.set_diameter(11)
    island = editor.drag((-20, 0), (20, 10))
    painter.stroke(island, 11, 2)

    # C closes what is unlabelled inside the frame; the island in it stays.
    editor.point(*frame[1])
    page.keyboard.press("c")
    painter.close_holes(*pixels[1])
    tools.mask = np.where(painter.mask > 0, AREA, 0).astype(np.uint8)
    for stroke, diameter in ((pixels, 7), (island, 11)):
        tools.stroke(stroke, diameter, BRUSH)

    # The next category fills all around; the right button erases a region.
    take(editor, "f", "Fill")
    page.keyboard.press("3")
    painter.fill_region(*editor.click(-250, 0), 3)
    tools.fill(painter.mask == 3, AREA)
    painter.fill_region(*editor.click(0, 5, button="right"), 0)
    tools.fill(painter.mask == 0, 0)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)
    assert np.array_equal(stored(work, PROVENANCE), tools.mask)

    # The same by a choice in the panel; then it is taken back.
    page.get_by_label("the holes inside this region").check()
    editor.click(*frame[1])
    assert not (painter.mask[painter.mask != 3] == 3).any()
    save(editor)
    holes = Painter(WIDTH, HEIGHT)
    holes.mask = painter.mask.copy()
    holes.close_holes(*pixels[1])
    assert np.array_equal(stored(work), holes.mask)
    page.keyboard.press("Control+z")
    save(editor)
    assert np.array_equal(stored(work), painter.mask)

    # The picker gives the tool back that was in hand; its right button erases.
    take(editor, "b", "Brush")
    take(editor, "i", "Pick a category")
    editor.click(*frame[1])
    expect(page.get_by_role("button", name="Brush", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#palette [aria-pressed=true]")).to_contain_text("Tumour")
    take(editor, "i", "Pick a category")
    editor.click(0, 5)
    expect(page.locator("#notice")).to_have_text("Nothing is labelled here.")
    painter.stroke(editor.drag((-120, -60), (-60, -60), button="right"), 7, 0)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_polygon_and_lasso(editor, work):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)

    def corner(across, down, **options):
        place = editor.place(across, down)
        page.mouse.down(**options)
        page.mouse.up(**options)
        return place

    page.keyboard.press("1")
    take(editor, "g", "Polygon")
    first = [corner(-200, -120), corner(-31, -150), corner(13, 77), corner(-150, 111)]
    page.keyboard.press("2")  # means the next polygon
    corner(-198, -122)  # near the first corner: closed
    painter.polygon(first, 1)

    # A double click closes; the edges cross.
    second = [corner(60, -100), corner(230, 120), corner(220, -90), corner(80, 130)]
    corner(80, 130)
    painter.polygon(second, 2)

    # Backspace and Ctrl+Z take corners back, Enter closes, Escape drops.
    third = [corner(-300, 200), corner(-100, 190)]
    corner(0, 0)
    page.keyboard.press("Backspace")
    corner(5, 5)
    page.keyboard.press("Control+z")
    third.append(corner(-120, 250))
    page.keyboard.press("Enter")
    painter.polygon(third, 2)
    for place in ((0, 0), (100, 0), (100, 100)):
        corner(*place)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    def draw(*points, button="left"):
        places = [editor.place(*points[0])]
        page.mouse.down(button=button)
        places += [editor.place(*point) for point in points[1:]]
        page.mouse.up(button=button)
        return places

    take(editor, "l", "Lasso")
    page.keyboard.press("3")
    painter.polygon(draw((-150, -50), (-100, -80), (120, -60), (140, 90), (30, 20), (-60, 120)), 3)
    painter.polygon(draw((-50, -40), (60, -30), (20, 50), button="right"), 0)
    # A stroke that Escape ends never was; what leaves the image is cut off.
    editor.place(0, 0)
    page.mouse.down()
    editor.place(100, 0)
    editor.place(100, 100)
    page.keyboard.press("Escape")
    page.mouse.up()
    painter.polygon(draw((250, -300), (470, -100), (300, 330)), 3)
    take(editor, "g", "Polygon")
    painter.polygon(draw((-180, -90), (-120, -90), (-150, 60), button="right"), 0)
    save(editor)
    labels = stored(work)
    assert np.array_equal(labels, painter.mask)
    assert np.array_equal(stored(work, PROVENANCE), np.where(labels > 0, AREA, 0))


@pytest.mark.usefixtures("warm_worker")
def test_painting_rules_hold_for_every_tool(editor, work):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(31)
    painter.stroke(editor.drag((-200, -100), (200, -80)), 31, 1)
    page.keyboard.press("2")
    editor.set_diameter(25)
    painter.stroke(editor.drag((-100, -150), (-80, 150)), 25, 2)

    rule = page.get_by_label("Painting rule")
    rule.select_option("Only where nothing is labelled")
    painter.rule = lambda labels: labels == 0
    page.keyboard.press("3")
    editor.set_diameter(21)
    painter.stroke(editor.drag((-150, -140), (150, 120)), 21, 3)
    with page.expect_response(re.compile("/superpixels/")) as answer:
        page.keyboard.press("w")
    expect(page.locator("body")).to_have_attribute("data-segments", re.compile("[1-9]"))
    painter.pick(answer.value.body(), (0, 0), [editor.click(-90, -90)], 3)
    painter.rule = lambda labels: labels > 0  # erasing goes everywhere
    page.keyboard.press("b")
    painter.stroke(editor.drag((-120, 0), (-60, 10), button="right"), 21, 0)

    rule.select_option("Only over Stroma")
    painter.rule = lambda labels: labels == 2
    painter.stroke(editor.drag((-130, -120), (-60, 140)), 21, 3)
    painter.stroke(editor.drag((-130, -60), (-60, -60), button="right"), 21, 0)
    take(editor, "l", "Lasso")
    corners = [editor.place(-160, 60)]
    page.mouse.down()
    corners += [editor.place(0, 60), editor.place(0, 160)]
    page.mouse.up()
    painter.polygon(corners, 3)
    take(editor, "f", "Fill")
    held_back = page.get_by_text("Nothing changed here: the painting rule or a locked category is in the way.")
    expect(held_back).to_be_hidden()
    editor.click(150, -85)  # Tumour, which may not be painted over
    expect(held_back).to_be_visible()
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_undo_goes_on_after_a_save_and_is_saved_again(editor, work):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(15)
    painter.stroke(editor.drag((-100, 0), (100, 0)), 15, 1)
    one = painter.mask.copy()
    save(editor)
    page.keyboard.press("2")
    painter.stroke(editor.drag((0, -100), (0, 100)), 15, 2)
    save(editor)
    for key, expected in (("Control+z", one), ("Control+z", 0 * one), ("Control+y", one), ("Control+y", painter.mask)):
        page.keyboard.press(key)
        expect(page.locator("#save-state")).to_have_text("Unsaved changes")
        save(editor)
        assert np.array_equal(stored(work), expected)
        assert np.array_equal(stored(work, PROVENANCE), expected > 0)


def test_each_category_has_its_own_brush_in_pixels_of_the_image_or_the_screen(editor, work):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    size = page.locator("#brush-diameter")
    page.keyboard.press("1")
    editor.set_diameter(41)
    page.keyboard.press("2")
    editor.set_diameter(9)
    page.keyboard.press("e")
    editor.set_diameter(21)
    for key, diameter in (("1", "41"), ("2", "9"), ("x", "41"), ("e", "21"), ("2", "9")):
        page.keyboard.press(key)
        expect(size).to_have_value(diameter)
    page.keyboard.press("]")
    expect(size).to_have_value("10")
    page.reload()
    editor.wait_until_open("field.png")
    page.keyboard.press("1")
    expect(size).to_have_value("41")

    page.get_by_label("What the brush is measured in").select_option("Pixels of the screen")
    page.get_by_label("Brush diameter in screen pixels").fill("42")
    page.keyboard.press("Enter")
    for zoom, down in ((0, -100), (1, 0)):
        for _ in range(zoom):
            page.keyboard.press("+")
        page.wait_for_timeout(500)  # until the image has come to rest
        diameter = round(42 / editor.view()[0])
        if diameter % 2 == 0:  # of which this painter knows no rule
            page.get_by_label("Brush diameter in screen pixels").fill(str(round((diameter + 1) * editor.view()[0])))
            page.keyboard.press("Enter")
            diameter += 1
        painter.stroke(editor.drag((-100, down), (100, down)), diameter, 1)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_keys_go_by_what_is_printed_or_by_place_and_leave_fields_alone(editor, context):
    page = editor.page
    session = context.new_cdp_session(page)

    def press(key: str, code: str, number: int) -> None:
        for kind in ("keyDown", "keyUp"):
            event = {"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number}
            session.send("Input.dispatchKeyEvent", event)

    def chosen() -> str:
        return page.locator("[data-tool][aria-pressed=true]").get_attribute("data-tool") or ""

    page.locator("#stage").focus()
    press("&", "Digit2", 50)  # a French keyboard
    expect(page.get_by_role("button", name="Stroma")).to_have_attribute("aria-pressed", "true")
    press("ε", "KeyE", 69)  # a Greek one
    assert chosen() == "eraser"
    press("b", "KeyN", 66)  # one where B lies elsewhere
    assert chosen() == "brush"
    page.locator("#brush-diameter").focus()
    page.keyboard.type("e")
    assert chosen() == "brush"
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keys")
    expect(help_dialog).to_be_visible()
    for words in ("Fill a region", "Lasso", "Polygon", "Pick the category of a place", "Labelling instructions"):
        expect(help_dialog.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("e")
    page.get_by_label("Keys without Ctrl are on").uncheck()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    page.keyboard.press("e")
    assert chosen() == "brush"
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    page.get_by_role("button", name="Labelling instructions").click()
    expect(page.get_by_role("dialog", name="Labelling instructions")).to_be_visible()


def test_a_polygon_that_is_not_closed_is_in_the_way_of_the_ground_truth(editor, work):
    page, notice = editor.page, editor.page.locator("#notice")
    page.keyboard.press("1")
    editor.drag((-100, -100), (100, -100))
    take(editor, "g", "Polygon")
    for corner in ((0, 0), (100, 0), (100, 80)):
        editor.click(*corner)
    take(editor, "b", "Brush")
    page.keyboard.press("Control+Enter")
    expect(notice).to_have_text("Your polygon is not closed: Enter closes it, Esc drops it.")
    # It is in hand again, so that the keys which were named concern it.
    expect(page.get_by_role("button", name="Polygon", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    work.refresh_from_db()
    assert work.state == "submitted"


def test_a_lasso_that_is_drawn_is_in_the_way_of_the_ground_truth(editor, work):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("2")
    take(editor, "l", "Lasso")
    corners = [editor.place(-100, 60)]
    page.mouse.down()
    corners += [editor.place(0, 60), editor.place(0, 160)]
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notice")).to_contain_text("Your stroke is not finished")
    page.mouse.up()
    painter.polygon(corners, 2)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)
    work.refresh_from_db()
    assert work.state == "in_progress"


def test_a_tool_that_cannot_be_fetched_says_so_and_paints_nothing(editor, work, context):
    page = editor.page
    page.keyboard.press("1")
    context.set_offline(True)
    page.keyboard.press("c")
    expect(page.locator("#notice")).to_contain_text("The server could not be reached.")
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Brush", exact=True)).to_have_attribute("aria-pressed", "true")
    editor.click(0, 100)
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_enabled()
    page.keyboard.press("Control+z")
    context.set_offline(False)

    # A quick hand on a slow network: the press meant the tool that is under way.
    held = []
    page.route(re.compile("/tools/areas"), lambda route: held.append(route))
    page.keyboard.press("l")
    view = editor.view()
    editor.drag((-100, 0), (0, 60), (100, 0))
    assert editor.view() == view
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    held[0].continue_()
    expect(page.get_by_role("button", name="Lasso", exact=True)).to_have_attribute("aria-pressed", "true")
    editor.drag((-100, 0), (0, 60), (100, 0))
    save(editor)
    assert set(np.unique(stored(work, PROVENANCE))) == {0, AREA}


def test_a_key_that_is_let_go_while_one_waits_is_let_go(editor, work, troubles):
    page, held = editor.page, []
    page.route("**/revisions/", lambda route: held.append(route))
    page.keyboard.press("1")
    editor.drag((-100, -100), (100, -100))
    page.keyboard.down("Space")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saving the ground truth…")).to_be_visible()
    page.keyboard.up("Space")
    expect(page.locator("#cover")).to_be_visible()
    held[0].fulfill(status=400, json={"error": "Not today."})
    expect(page.locator("#cover")).to_be_hidden()
    view = editor.view()
    editor.drag((-100, 0), (100, 0))
    assert editor.view() == view
    page.unroute("**/revisions/")
    save(editor)
    assert (stored(work) > 0)[HEIGHT // 2].any()
    troubles.clear()


def test_a_locked_category_says_why_nothing_changes(editor):
    page, notice = editor.page, editor.page.locator("#notice")
    page.keyboard.press("1")
    editor.set_diameter(41)
    editor.drag((-100, 0), (100, 0))
    page.get_by_role("switch", name="Lock Tumour").click()
    page.keyboard.press("2")
    editor.set_diameter(9)
    editor.drag((-90, 0), (90, 40))  # leaves it halfway
    expect(notice).to_have_text("")
    editor.drag((-90, 0), (-50, 0))
    expect(notice).to_have_text("Nothing changed here: the painting rule or a locked category is in the way.")
