"""What the editor shows: categories and their shares, labels, the image, where one is, on screens of many sizes."""

import io
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from PIL import Image as PillowImage
from playwright.sync_api import expect

from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import Annotation
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in, wait_until_drawn
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory

WIDTH, HEIGHT = 500, 360
GREEN = [0x00, 0x9E, 0x73, 255]
CLEAR = [0, 0, 0, 0]


@pytest.fixture
def work(project, annotator):
    """An image of tissue at 20× that Anna is to label."""
    pixels, _ = tissue_phantom(HEIGHT, WIDTH, seed=1)
    ImageFactory(project=project, name="field.png", pixels=pixels, um_per_px=0.5)
    assign(MembershipFactory(project=project, user=annotator))
    return Annotation.objects.get(member__user=annotator)


@pytest.fixture
def editor(page, live_server, work):
    return opened(page, live_server, work)


def opened(page, live_server, annotation) -> Editor:
    log_in(page, live_server.url, "anna")
    page.goto(live_server.url + reverse("editor", args=[annotation.pk]))
    editor = Editor(page)
    editor.wait_until_open(annotation.image.name)
    return editor


def row(page, name: str):
    return page.locator(".palette-item").filter(has_text=name)


def drawn_labels(page) -> np.ndarray:
    """Return the RGBA of the layer of labels along the line through the middle of the stage, (n, 4)."""
    wait_until_drawn(page)
    script = """canvas => [...canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 1).data]"""
    return np.array(page.locator(".stage-labels").evaluate(script)).reshape(-1, 4)


def brightness(page) -> float:
    """How bright the stage is to somebody who looks at it."""
    picture = PillowImage.open(io.BytesIO(page.locator("#stage").screenshot()))
    return float(np.asarray(picture.convert("L")).mean())


def view(page) -> tuple[float, float, float]:
    """Return the scale, and where image position 0, 0 is in the window."""
    scale, x, y = page.locator("#stage").get_attribute("data-view").split()
    return float(scale), float(x), float(y)


def test_the_palette_says_what_share_each_category_has(editor):
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    expect(page.locator("#unlabelled-share")).to_have_text("100 %")
    for key, down in (("1", -60), ("2", 0), ("3", 60)):
        page.keyboard.press(key)
        editor.set_diameter(41)
        painter.stroke(editor.drag((-200, down), (100 + down, down + 20)), 41, int(key))
    for value, name in enumerate(["Tumour", "Stroma", "Lumen"], 1):
        share = 100 * np.mean(painter.mask == value)
        expect(row(page, name).locator(".palette-share")).to_have_text(f"{share:.1f} %")
    expect(page.locator("#unlabelled-share")).to_have_text(f"{100 * np.mean(painter.mask == 0):.1f} %")
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator("#unlabelled-share")).to_have_text("100 %")
    expect(row(page, "Stroma").locator(".palette-share")).to_have_text("0 %")


def test_shares_of_stored_labels_are_there_after_loading(editor):
    page = editor.page
    row(page, "Ignore").get_by_role("button").click()
    editor.set_diameter(101)
    editor.drag((-100, 0), (100, 0))
    share = row(page, "Ignore").locator(".palette-share")
    expect(share).to_have_text(re.compile(r"^\d\d\.\d %$"))
    before = share.inner_text()
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    page.reload()
    editor.wait_until_open("field.png")
    expect(share).to_have_text(before)


def test_a_hidden_category_is_not_drawn_until_it_is_chosen(editor):
    page = editor.page
    page.keyboard.press("1")
    editor.set_diameter(61)
    editor.drag((0, 0))
    page.keyboard.press("2")
    middle = len(drawn_labels(page)) // 2
    assert drawn_labels(page)[middle].tolist() == GREEN
    eye = page.get_by_role("switch", name="Show Tumour")
    expect(eye).to_be_checked()
    eye.focus()
    page.keyboard.press("Space")
    expect(eye).not_to_be_checked()
    assert not drawn_labels(page).any()
    page.get_by_role("button", name="Tumour").click()
    expect(eye).to_be_checked()
    assert drawn_labels(page)[middle].tolist() == GREEN


@pytest.mark.parametrize("tool", ["b", "e"])
def test_nobody_paints_or_erases_labels_that_are_hidden(editor, tool):
    page = editor.page
    page.keyboard.press("1")
    editor.set_diameter(61)
    editor.drag((0, 0))
    page.keyboard.press("h")
    expect(page.locator(".stage-labels")).to_be_hidden()
    page.keyboard.press(tool)
    editor.drag((20, 0))
    expect(page.locator(".stage-labels")).to_be_visible()
    expect(page.get_by_role("switch", name=re.compile("^Show labels"))).to_be_checked()


def test_what_is_painted_into_a_hidden_category_shows_it(editor):
    page = editor.page
    page.keyboard.press("1")
    page.get_by_role("switch", name="Show Tumour").click()
    editor.drag((0, 0))
    expect(page.get_by_role("switch", name="Show Tumour")).to_be_checked()


def test_a_lock_is_a_switch_and_is_remembered(editor):
    page = editor.page
    lock = page.get_by_role("switch", name="Lock Stroma")
    expect(lock).not_to_be_checked()
    lock.focus()
    page.keyboard.press("Enter")
    expect(lock).to_be_checked()
    expect(page.get_by_role("switch", name="Lock Tumour")).not_to_be_checked()
    page.reload()
    editor.wait_until_open("field.png")
    expect(lock).to_be_checked()


def test_borders_only_leave_the_rims_of_regions(editor):
    page = editor.page
    page.keyboard.press("1")
    editor.set_diameter(81)
    editor.drag((0, 0))
    filled = np.flatnonzero(drawn_labels(page)[:, 3])
    page.keyboard.press("o")
    expect(page.get_by_label("Borders only")).to_be_checked()
    line = drawn_labels(page)
    border = np.flatnonzero(line[:, 3])
    assert line[len(line) // 2].tolist() == CLEAR
    assert abs(border[0] - filled[0]) <= 1
    assert abs(border[-1] - filled[-1]) <= 1
    assert np.count_nonzero(np.diff(border) > 1) == 1, "a line on the left, a line on the right"
    assert len(border) <= 12
    assert line[border[2]][1] > 100, "in the colour of the category"
    editor.drag((0, 0), button="right")
    assert not drawn_labels(page).any()


def test_brightness_and_contrast_change_the_image_and_not_the_labels(editor):
    page = editor.page
    page.keyboard.press("1")
    editor.set_diameter(61)
    editor.drag((0, 0))
    page.locator("summary", has_text="Image").click()
    labels, before = drawn_labels(page), brightness(page)
    page.get_by_label("Brightness").fill("140")
    expect(page.get_by_text("· changed")).to_be_visible()
    assert brightness(page) > before + 5
    assert np.array_equal(drawn_labels(page), labels)
    page.get_by_label("Contrast").fill("60")
    page.get_by_role("button", name="Reset brightness and contrast").click()
    expect(page.get_by_text("· changed")).to_be_hidden()
    assert abs(brightness(page) - before) < 0.5


def test_the_scale_bar_and_the_magnification_are_true(editor):
    page = editor.page
    page.keyboard.press("Shift+0")
    expect(page.locator("#magnification")).to_have_text("20×")
    expect(page.locator("#scale-text")).to_have_text("50 µm")
    assert page.locator(".scale-bar").bounding_box()["width"] == pytest.approx(100, abs=0.5)
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator("#magnification")).to_have_text("101×")
    expect(page.locator("#scale-text")).to_have_text("10 µm")
    assert page.locator(".scale-bar").bounding_box()["width"] == pytest.approx(20 * 1.5**4, abs=0.5)


def test_without_a_pixel_size_nothing_is_said_about_scale(page, live_server, project, annotator):
    ImageFactory(project=project, name="plain.png", pixels=tissue_phantom(200, 200, seed=1)[0])
    assign(MembershipFactory(project=project, user=annotator))
    opened(page, live_server, Annotation.objects.get(member__user=annotator))
    expect(page.locator("#scale")).to_be_hidden()


def test_pixels_are_seen_as_they_are_above_two_to_one(page, live_server, work):
    log_in(page, live_server.url, "anna")
    page.goto(f"{live_server.url}{reverse('editor', args=[work.pk])}?drawer=canvas")
    Editor(page).wait_until_open("field.png")
    image = page.locator(".openseadragon-canvas canvas").first
    page.keyboard.press("Shift+0")
    expect(page.locator("#zoom")).to_have_text("100 %")
    assert image.evaluate("canvas => canvas.getContext('2d').imageSmoothingEnabled")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator("#zoom")).to_have_text("225 %")
    assert not image.evaluate("canvas => canvas.getContext('2d').imageSmoothingEnabled")


def test_the_overview_moves_the_view(editor):
    page = editor.page
    overview = page.locator("#overview-place")
    expect(overview).to_be_hidden()
    page.keyboard.press("Shift+0")
    for _ in range(4):
        page.keyboard.press("+")
    expect(overview).to_be_visible()
    box = overview.locator("canvas").bounding_box()
    for across, down in ((0.25, 0.3), (0.7, 0.6)):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        x, y = editor.point(0, 0)
        assert x == pytest.approx(across * WIDTH, abs=4)
        assert y == pytest.approx(down * HEIGHT, abs=4)
    page.locator("summary", has_text="Image").click()
    page.get_by_label("Overview while zoomed in").uncheck()
    expect(overview).to_be_hidden()


def test_the_arrow_keys_move_the_image_and_still_set_sliders(editor):
    page = editor.page
    page.keyboard.press("Shift+0")
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator("#zoom")).to_have_text("506 %")
    before = view(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)  # of moving
    after = view(page)
    assert after[1] < before[1] - 50
    page.get_by_label("Opacity of labels").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#opacity-value")).to_have_text("51 %")
    assert view(page) == after


def test_what_a_key_did_is_told_to_those_who_cannot_see_it(editor):
    page, said = editor.page, editor.page.locator("#announcement")
    page.keyboard.press("e")
    expect(said).to_have_text(re.compile("^Eraser"))
    page.keyboard.press("2")
    expect(said).to_have_text("Brush, Stroma")
    page.keyboard.press("h")
    expect(said).to_have_text("Brush, Stroma, labels hidden")


def test_the_panel_can_be_put_away(editor):
    page = editor.page
    before = page.locator("#stage").bounding_box()["width"]
    button = page.get_by_role("button", name="Panel")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("heading", name="Categories")).to_be_hidden()
    assert page.locator("#stage").bounding_box()["width"] > before + 200
    button.click()
    expect(page.get_by_role("heading", name="Categories")).to_be_visible()


# Boxes that may never lie over each other: the parts of the page, what is in the bar, what lies on the image.
OVERLAPS = """() => {
  const groups = [
    ".editor-bar, .editor-rail, .editor-stage, .editor-panel",
    ".editor-bar > *, .bar-actions > *",
    ".editor-rail button",
    ".stage-corner > *, .stage-notice",
    ".editor-panel button, .editor-panel input, .editor-panel select, .editor-panel h2, .palette-rest",
  ];
  const found = [];
  for (const group of groups) {
    const shown = [...document.querySelectorAll(group)]
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ element, box }) => box.width && box.height && getComputedStyle(element).visibility === "visible");
    for (const [index, { element, box }] of shown.entries()) {
      const name = element.id || element.className || element.textContent;
      if (box.left < -0.5 || box.right > innerWidth + 0.5) found.push(`${name} is beside the page`);
      for (const other of shown.slice(index + 1)) {
        if (element.contains(other.element)) continue;
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 1 && down > 1) found.push(`${name} lies over ${other.element.id || other.element.className}`);
      }
    }
  }
  const { scrollWidth, scrollHeight } = document.documentElement;
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) found.push("the page scrolls");
  return found;
}"""
SMALL_TARGETS = """(least) => [...document.querySelectorAll(".editor button, .editor a, .editor summary")]
  .map((element) => ({ element, box: element.getBoundingClientRect() }))
  .filter(({ box }) => box.width && (box.width < least - 0.5 || box.height < least - 0.5))
  .map(({ element, box }) => `${element.ariaLabel || element.textContent} ${box.width} × ${box.height}`)"""
FINGERS = {"has_touch": True, "is_mobile": True}


@pytest.mark.parametrize(
    ("width", "height", "fingers"),
    [
        (1280, 720, False),
        (3840, 2160, False),
        (800, 500, False),
        (1024, 768, True),
        (768, 1024, True),
    ],
)
def test_nothing_overlaps_on_any_screen(browser, live_server, work, project, width, height, fingers):
    project.name = "Lobules and ducts of the breast, second reading by the whole group"
    project.save()
    work.image.name = "a-field-of-view-with-a-name-that-does-not-end.png"
    work.image.save()
    CategoryFactory(project=project, value=4, name="Desmoplastic stroma with lymphocytes", color="#D55E00")
    context = browser.new_context(viewport={"width": width, "height": height}, **(FINGERS if fingers else {}))
    page = context.new_page()
    editor = opened(page, live_server, work)
    editor.point(0, 0)
    page.locator("summary", has_text="Image").click()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("#overview-place")).to_be_visible()
    editor.point(10, -10)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate(SMALL_TARGETS, 44 if fingers else 24) == []
    stage = page.locator("#stage").bounding_box()
    assert stage["width"] * stage["height"] > 0.35 * width * height, "most of the room is the image's"
    page.get_by_role("button", name="Panel").click()
    assert page.evaluate(OVERLAPS) == []
    context.close()


@pytest.mark.usefixtures("warm_worker")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (768, 1024)])
def test_nothing_in_use_stands_in_the_way_of_assistive_technology(page, live_server, work, scheme, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    editor = opened(page, live_server, work)
    editor.drag((0, 0), (50, 50))
    page.get_by_role("switch", name="Show Lumen").click()
    page.get_by_role("switch", name="Lock Stroma").click()
    page.keyboard.press("w")
    expect(page.locator("body")).to_have_attribute("data-segments", re.compile("[1-9]"))
    for summary in page.locator("#panel summary").all():
        summary.click()
    page.get_by_label("Brightness").fill("120")
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("#overview-place")).to_be_visible()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_screen_reader_hears_of_checkpoints_and_trouble_but_of_no_autosave(editor, context, troubles):
    page = editor.page
    editor.drag((-100, 0), (100, 0))
    page.evaluate(
        """() => {
            window.heard = [];
            for (const place of document.querySelectorAll("[role=status]")) {
                const hear = () => place.textContent && window.heard.push(place.textContent);
                new MutationObserver(hear).observe(place, { childList: true, characterData: true, subtree: true });
            }
        }"""
    )
    editor.wait_until_saved()  # by itself
    assert page.evaluate("heard") == []
    page.keyboard.press("Control+s")
    page.wait_for_function("() => heard.length")
    assert page.evaluate("heard") == ["Checkpoint saved."]
    context.set_offline(True)
    editor.drag((-100, 40), (100, 40))
    page.wait_for_function("() => heard.length > 1")
    assert page.evaluate("heard[1]").startswith("You can go on: your work is kept in this browser")
    context.set_offline(False)
    editor.wait_until_saved()


def test_the_focus_comes_back_after_one_waited(editor, troubles):
    page = editor.page
    editor.drag((-100, 0), (100, 0))
    button = page.get_by_role("button", name="Save ground truth and next image")
    page.route("**/revisions/", lambda route: route.fulfill(status=400, json={"error": "Not today."}))
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Not today.")
    expect(page.locator("#cover")).to_be_hidden()
    expect(button).to_be_focused()
    page.unroute("**/revisions/")
    troubles.clear()
