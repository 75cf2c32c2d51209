"""Single manners of the editor and of the pages around it, each in a real browser."""

import re

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image as PillowImage
from playwright.sync_api import expect

from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.workers import WorkerBusy
from annotation.models import LABELS, PROVENANCE, Annotation
from annotation.reading import plane_bands, tiles_at
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in
from projects import image_views
from projects.models import Image
from projects.tasks import store_tiles
from projects.tests.factories import ImageFactory, MembershipFactory


@pytest.fixture
def work(project, annotator):
    """Two images of tissue that Anna is to label."""
    pixels, _ = tissue_phantom(360, 500, seed=1)
    for position in range(2):
        ImageFactory(project=project, position=position, name=f"field-{position + 1}.png", pixels=pixels)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return list(membership.annotations.in_order())


@pytest.fixture
def editor(page, live_server, work):
    """The first of the two images, open in Anna's browser."""
    log_in(page, live_server.url, "anna")
    page.get_by_role("link", name=re.compile("Start labelling")).click()
    editor = Editor(page)
    editor.wait_until_open("field-1.png")
    return editor


def stored(annotation: Annotation, plane: int = LABELS) -> np.ndarray:
    annotation.refresh_from_db()
    tiles = tiles_at({annotation.pk: annotation.head}, plane)[annotation.pk]
    return np.concatenate(list(plane_bands(annotation.image, tiles)))


def test_provenance_follows_every_stroke_and_undo(editor, work):
    page, tools = editor.page, Painter(500, 360)
    page.keyboard.press("1")
    editor.set_diameter(15)
    tools.stroke(editor.drag((-150, -80), (0, -60)), 15, 1)
    with page.expect_response(re.compile("/superpixels/")) as answer:
        page.keyboard.press("w")
    expect(page.locator("body")).to_have_attribute("data-segments", re.compile("[1-9]"))
    tools.pick(answer.value.body(), (0, 0), editor.drag((40, 60)), 2)
    editor.drag((-60, 60))
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    assert np.array_equal(stored(work[0], PROVENANCE), tools.mask)
    assert np.array_equal(stored(work[0]) > 0, tools.mask > 0)


def test_clearing_can_be_undone_and_redone(editor, work):
    page, painter = editor.page, Painter(500, 360)
    page.keyboard.press("2")
    editor.set_diameter(11)
    painter.stroke(editor.drag((-100, 0), (100, 40)), 11, 2)
    page.get_by_role("button", name="Clear all labels").click()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    assert np.array_equal(stored(work[0]), painter.mask)
    page.keyboard.press("Control+y")
    expect(page.locator("#save-state")).to_have_text("Unsaved changes")
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    assert not stored(work[0]).any()


def test_a_category_key_never_changes_what_was_painted(editor, work):
    page, painter = editor.page, Painter(500, 360)
    page.keyboard.press("1")
    editor.set_diameter(9)
    painter.stroke(editor.drag((-100, -50), (100, -50)), 9, 1)
    page.keyboard.press("3")
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    assert np.array_equal(stored(work[0]), painter.mask)


def test_leaving_with_unsaved_work_asks_first(editor):
    page = editor.page
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    assert asked == ["beforeunload"]


def test_an_image_that_cannot_be_labelled_is_seen_and_returned_by_the_creator(
    editor, work, browser, browser_context_args, live_server
):
    page = editor.page
    page.get_by_role("button", name=re.compile("Cannot be labelled")).click()
    page.get_by_label("Out of focus").check()
    page.get_by_label("Comment").fill("The upper half is blurred.")
    page.get_by_role("button", name="Set aside and next image").click()
    editor.wait_until_open("field-2.png")
    context = browser.new_context(**browser_context_args)
    creator = context.new_page()
    log_in(creator, live_server.url, "carla")
    expect(creator.locator(".project-row")).to_contain_text("1 / 2")
    creator.get_by_role("button", name="Members of Colon glands").click()
    expect(creator.get_by_text("The upper half is blurred.")).to_be_visible()
    creator.get_by_label(re.compile("What anna should do")).fill("Label the lower half.")
    creator.get_by_role("button", name=re.compile("Return")).click()
    expect(creator.locator(".project-row")).to_contain_text("0 / 2")
    context.close()
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name=re.compile("Continue labelling")).click()
    editor.wait_until_open("field-1.png")
    expect(page.get_by_text("Label the lower half.")).to_be_visible()


def test_submitted_work_is_shown_and_cannot_be_changed(editor, work, live_server):
    page = editor.page
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+Enter")
    editor.wait_until_open("field-2.png")
    page.goto(live_server.url + reverse("editor", args=[work[0].pk]))
    editor.wait_until_open("field-1.png")
    expect(page.get_by_text("Its labels can be looked at, not changed.")).to_be_visible()
    expect(page.get_by_role("button", name="Save checkpoint")).to_be_hidden()
    before = stored(work[0])
    editor.drag((0, -60), (50, -60))
    page.keyboard.press("Control+s")
    assert np.array_equal(stored(work[0]), before)


def test_a_creator_looks_at_submitted_work_and_returns_it(editor, work, browser, browser_context_args, live_server):
    page = editor.page
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+Enter")
    editor.wait_until_open("field-2.png")
    context = browser.new_context(**browser_context_args)
    creator = context.new_page()
    log_in(creator, live_server.url, "carla")
    creator.get_by_role("button", name="Members of Colon glands").click()
    creator.get_by_role("link", name="Look at the work of anna").click()
    Editor(creator).wait_until_open("field-1.png")
    expect(creator.get_by_text("Anna Annotator", exact=True)).to_be_visible()
    creator.get_by_role("button", name="Return…").click()
    creator.get_by_label("What is to be changed").fill("The lumen is missing.")
    creator.get_by_role("button", name="Return", exact=True).click()
    expect(creator.locator(".project-row")).to_contain_text("0 / 2")
    context.close()
    page.get_by_role("link", name="Previous image").click()
    editor.wait_until_open("field-1.png")
    expect(page.get_by_text("The lumen is missing.")).to_be_visible()


def test_a_ground_truth_without_an_answer_is_sent_again_before_anything_else(editor, work, troubles):
    page, painter = editor.page, Painter(500, 360)
    page.keyboard.press("1")
    editor.set_diameter(9)
    painter.stroke(editor.drag((-50, 0), (50, 0)), 9, 1)
    page.route("**/revisions/", lambda route: route.abort())
    page.keyboard.press("Control+Enter")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible(timeout=40_000)
    editor.page.keyboard.press("Control+s")
    page.unroute("**/revisions/")
    again.click()
    editor.wait_until_open("field-2.png")
    assert np.array_equal(stored(work[0]), painter.mask)
    assert work[0].state == Annotation.State.SUBMITTED
    assert work[0].revisions.filter(kind="ground_truth").count() == 1


def test_going_back_never_shows_labels_of_earlier(editor, work):
    page = editor.page
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    editor.drag((-50, 60), (50, 60))
    page.keyboard.press("Control+Enter")
    editor.wait_until_open("field-2.png")
    page.go_back()
    editor.wait_until_open("field-1.png")
    expect(page.get_by_text("Its labels can be looked at, not changed.")).to_be_visible()
    work[0].refresh_from_db()
    expect(page.locator("body")).to_have_attribute("data-revision", str(work[0].head))


def test_after_a_number_is_entered_the_keys_belong_to_the_image(editor):
    page = editor.page
    page.get_by_label("Brush diameter in image pixels").fill("8")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Stroma")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Brush diameter in image pixels")).to_have_value("8")


def test_an_image_of_8192_pixels_opens_in_tiles_and_is_painted(page, live_server, project, tmp_path):
    rows, cols = np.mgrid[0:8192, 0:8192]
    pixels = np.stack([cols >> 5, rows >> 5, (cols + rows) >> 6], axis=2).astype(np.uint8)
    path = tmp_path / "large.png"
    PillowImage.fromarray(pixels).save(path, compress_level=1)
    log_in(page, live_server.url, "carla")
    page.get_by_role("link", name=re.compile("Add images")).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").click()
    chooser.value.set_files(str(path))
    page.get_by_role("button", name="Upload 1 image").click()
    expect(page.get_by_role("cell", name="large.png")).to_be_visible(timeout=90_000)
    page.get_by_role("link", name="Labeler").click()
    page.get_by_role("link", name=re.compile("^Label Colon")).click()
    editor = Editor(page)
    editor.wait_until_open("large.png")
    painter = Painter(8192, 8192)
    page.keyboard.press("2")
    editor.set_diameter(301)
    x, y = editor.point(150, 100)
    editor.drag((150, 100))
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    painter.stroke([(x, y)], 301, 2)
    annotation = Annotation.objects.get(image=Image.objects.get())
    assert np.array_equal(stored(annotation), painter.mask)


def test_tiles_that_a_busy_server_cannot_make_yet_are_asked_for_again(
    page, live_server, project, monkeypatch, troubles
):
    image = ImageFactory(project=project, name="large.png", pixels=np.full((3000, 4200, 3), (200, 90, 160), np.uint8))
    assign(project.memberships.get())
    monkeypatch.setattr("annotation.workers.run", lambda function, *args, **options: function(*args))
    store_tiles(image)
    read, refused, sent = image_views.read_tiles, set(), set()

    def busy_at_first(image, kind, names, owner):
        if names[0] not in refused:
            refused.add(names[0])
            raise WorkerBusy
        sent.add(names[0])
        return read(image, kind, names, owner)

    monkeypatch.setattr(image_views, "read_tiles", busy_at_first)
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("editor", args=[Annotation.objects.get().pk]))
    Editor(page).wait_until_open("large.png")
    while not refused or sent != refused:
        page.wait_for_timeout(100)
    page.wait_for_load_state("networkidle")
    assert {trouble[:3] for trouble in troubles} == {"503"}
    troubles.clear()


def test_n_and_p_lead_along_the_images_opened_before_and_save_first(editor, work):
    page, painter = editor.page, Painter(500, 360)
    page.keyboard.press("n")  # the second was never opened
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+Enter")
    editor.wait_until_open("field-2.png")
    page.keyboard.press("2")
    editor.set_diameter(9)
    painter.stroke(editor.drag((-80, 20), (60, 40)), 9, 2)
    page.keyboard.press("g")
    expect(page.get_by_role("button", name="Polygon", exact=True)).to_have_attribute("aria-pressed", "true")
    editor.click(0, 100)
    page.keyboard.press("p")
    expect(page.get_by_text("Your polygon is not closed")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    editor.wait_until_open("field-1.png")
    expect(page.get_by_text("Its labels can be looked at, not changed.")).to_be_visible()
    assert np.array_equal(stored(work[1]), painter.mask)
    assert list(work[1].revisions.values_list("kind", flat=True)) == ["autosave"]
    page.keyboard.press("n")
    editor.wait_until_open("field-2.png")
    expect(page.get_by_role("button", name="Save checkpoint")).to_be_visible()


def test_an_image_whose_work_cannot_be_saved_stays_open(editor, work):
    page, painter = editor.page, Painter(500, 360)
    page.keyboard.press("1")
    editor.drag((-50, 0), (50, 0))
    page.keyboard.press("Control+Enter")
    editor.wait_until_open("field-2.png")
    page.keyboard.press("1")
    editor.set_diameter(9)
    painter.stroke(editor.drag((-80, 20), (60, 40)), 9, 1)
    page.route("**/revisions/", lambda route: route.abort())
    page.get_by_role("link", name="Previous image").click()
    expect(page.get_by_text("This image stays open until its work is saved.")).to_be_visible()
    expect(page.locator("#cover")).to_be_hidden()
    page.unroute("**/revisions/")
    page.get_by_role("link", name="Previous image").click()
    editor.wait_until_open("field-1.png")
    assert np.array_equal(stored(work[1]), painter.mask)
