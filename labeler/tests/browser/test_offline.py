"""Whatever happens to the network, the tab, the session or the server: nothing is lost, nobody's work is crossed."""

import io
import re

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PillowImage
from playwright.sync_api import BrowserContext, Page, expect

from accounts.tests.factories import PASSWORD
from annotation.assignment import assign
from annotation.models import LABELS, PROVENANCE, Annotation
from annotation.reading import plane_bands, tiles_at
from labeler.tests.browser.conftest import watch
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in
from projects.models import Membership
from projects.tests.factories import ImageFactory, MembershipFactory

WIDTH, HEIGHT = 1100, 600  # three by two tiles of a save
SAVES = re.compile(r"/revisions/$")
BACK = re.compile(r"Your unsaved work of \d\d:\d\d was brought back\.")


@pytest.fixture
def work(project, annotator):
    """An image that Anna is to label."""
    ImageFactory(project=project, name="field.png", pixels=np.full((HEIGHT, WIDTH, 3), (214, 160, 200), np.uint8))
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def address(live_server, work):
    return live_server.url + reverse("editor", args=[work.pk])


@pytest.fixture
def painter():
    return Painter(WIDTH, HEIGHT)


@pytest.fixture
def editor(context, live_server, address, troubles):
    """Anna's browser, in which tabs come and go."""
    page = new_page(context)
    watch(page, troubles)
    log_in(page, live_server.url, "anna")
    yield open_editor(page, address)
    for page in context.pages:
        page.close()
    assert troubles == []


def new_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(45_000)
    return page


@pytest.fixture
def elsewhere(browser, browser_context_args, live_server, address, troubles):
    """Anna at another machine, at the same image."""
    context = browser.new_context(**browser_context_args)
    page = new_page(context)
    watch(page, troubles)
    log_in(page, live_server.url, "anna")
    yield open_editor(page, address)
    context.close()


def open_editor(page: Page, address: str) -> Editor:
    page.goto(address)
    editor = Editor(page)
    editor.wait_until_open("field.png")
    return editor


def open_again(context: BrowserContext, address: str) -> Editor:
    return open_editor(new_page(context), address)


def paint(editor: Editor, painter: Painter, down: int, value: int = 1) -> None:
    """A line across the image."""
    editor.page.keyboard.press(str(value))
    editor.set_diameter(9)
    painter.stroke(editor.drag((-250, down), (0, down + 20), (250, down)), 9, value)


def crash(editor: Editor) -> None:
    editor.page.wait_for_timeout(1000)  # until the stroke is kept
    editor.page.close(run_before_unload=False)


def at(annotation: Annotation, number: int | None = None, plane: int = LABELS) -> np.ndarray:
    annotation.refresh_from_db()
    tiles = tiles_at({annotation.pk: annotation.head if number is None else number}, plane)[annotation.pk]
    return np.concatenate(list(plane_bands(annotation.image, tiles)))


def kinds(annotation: Annotation) -> list[str]:
    return list(annotation.revisions.order_by("number").values_list("kind", flat=True))


def forget(troubles: list[str], *statuses: str) -> None:
    """The refusals that a test provoked, and no other trouble."""
    assert {trouble[:3] for trouble in troubles} == set(statuses)
    troubles.clear()


def state(editor: Editor):
    return editor.page.locator("#save-state")


def test_work_is_saved_by_itself_once_the_person_rests(editor, work, painter):
    paint(editor, painter, -60)
    editor.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
    assert kinds(work) == ["autosave"]


def test_half_an_hour_offline_is_kept_and_sent_when_the_network_is_back(
    page, live_server, address, context, work, painter
):
    page.clock.install()
    log_in(page, live_server.url, "anna")
    editor = open_editor(page, address)
    context.set_offline(True)
    for turn in range(6):
        paint(editor, painter, 30 * turn - 90, turn % 3 + 1)
        page.clock.fast_forward("05:00")
        expect(state(editor)).to_have_text(re.compile(r"^Offline: \d tiles waiting$"))
    page.keyboard.press("Control+z")
    painter.undo()
    assert at(work).max() == 0
    context.set_offline(False)
    page.clock.fast_forward("00:10")
    expect(page.locator("body")).to_have_attribute("data-save-state", "unsaved")
    page.clock.fast_forward("00:10")
    editor.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
    assert np.array_equal(at(work, plane=PROVENANCE) > 0, painter.mask > 0)


def test_a_crashed_tab_sends_the_same_request_first_and_then_the_rest(editor, context, address, work, painter):
    sent = []

    def lose_the_answer(route):
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) == 1:
            route.fetch()
        route.abort()

    editor.page.route(SAVES, lose_the_answer)
    paint(editor, painter, -60, 2)
    editor.page.keyboard.press("Control+s")
    expect(state(editor)).to_have_text(re.compile("^Offline"))
    assert np.array_equal(at(work), painter.mask)
    paint(editor, painter, -60, 1)
    paint(editor, painter, 40, 3)
    crash(editor)
    again = open_again(context, address)
    expect(again.page.get_by_text(BACK)).to_be_visible()
    again.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
    assert kinds(work) == ["checkpoint", "autosave"]
    assert set(sent) == {str(work.revisions.get(number=1).idempotency_key)}
    again.page.reload()
    again.wait_until_open("field.png")
    expect(again.page.get_by_text(BACK)).to_be_hidden()


def test_a_page_that_is_reloaded_asks_first_and_brings_everything_back(editor, work, painter):
    page = editor.page
    paint(editor, painter, 0, 3)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.wait_for_timeout(600)
    page.reload()
    editor.wait_until_open("field.png")
    expect(page.get_by_text(BACK)).to_be_visible()
    editor.wait_until_saved()
    assert asked == ["beforeunload"]
    assert np.array_equal(at(work), painter.mask)


def test_whoever_was_logged_out_logs_in_beside_the_editor_and_goes_on(editor, context, work, painter):
    page = editor.page
    context.clear_cookies()
    paint(editor, painter, 0)
    expect(page.get_by_role("heading", name="Log in to save")).to_be_visible()
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Log in").click()
    log_in_beside(popup.value, "anna")
    popup.value.wait_for_event("close")
    editor.wait_until_saved()
    expect(page.get_by_role("heading", name="Log in to save")).to_be_hidden()
    assert np.array_equal(at(work), painter.mask)


def test_whoever_logged_in_beside_the_editor_sets_the_image_aside(editor, context, work, painter, troubles):
    page = editor.page
    context.clear_cookies()
    paint(editor, painter, 0)
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Log in").click()
    log_in_beside(popup.value, "anna")
    popup.value.wait_for_event("close")
    editor.wait_until_saved()
    page.get_by_role("button", name="Cannot be labelled").click()
    page.locator("#cannot-dialog [name=reason]").first.check()
    page.get_by_role("button", name="Set aside and next image").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    work.refresh_from_db()
    assert work.state == Annotation.State.CANNOT_BE_LABELLED


def log_in_beside(popup: Page, username: str) -> None:
    popup.get_by_label(re.compile("username", re.I)).fill(username)
    popup.locator("[name=password]").fill(PASSWORD)
    popup.get_by_role("button", name="Log in").click(no_wait_after=True)


def test_somebody_else_who_logs_in_saves_nothing_of_it(editor, context, work, painter, outsider, troubles):
    page = editor.page
    context.clear_cookies()
    paint(editor, painter, 0)
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Log in").click()
    beside = popup.value
    log_in_beside(beside, "otto")
    expect(beside.get_by_role("heading", name="Somebody else is logged in")).to_be_visible()
    page.bring_to_front()
    page.get_by_role("button", name="Later").click()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("otto is logged in now, but these labels belong to somebody else.")).to_be_visible()
    expect(state(editor)).to_have_text("Logged out: 2 tiles waiting")
    forget(troubles, "401")
    assert work.revisions.count() == 0
    beside.bring_to_front()
    beside.get_by_role("button", name="Log out and log in as somebody else").click()
    log_in_beside(beside, "anna")
    editor.wait_until_saved()
    forget(troubles, *{trouble[:3] for trouble in troubles} & {"401"})
    assert np.array_equal(at(work), painter.mask)
    assert {revision.author.username for revision in work.revisions.all()} == {"anna"}


def test_another_person_at_the_same_browser_never_sees_the_draft(
    editor, context, address, live_server, work, painter, creator
):
    editor.page.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 0, 2)
    crash(editor)
    context.clear_cookies()
    page = new_page(context)
    log_in(page, live_server.url, "carla")
    theirs = open_editor(page, address)
    expect(page.get_by_text("These labels are not yours to change")).to_be_visible()
    expect(page.get_by_text(BACK)).to_be_hidden()
    theirs.page.wait_for_timeout(500)
    assert work.revisions.count() == 0
    context.clear_cookies()
    log_in(page, live_server.url, "anna")
    mine = open_editor(page, address)
    mine.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)


def test_a_second_tab_looks_on_until_it_takes_over(editor, context, address, work, painter):
    first = editor
    paint(first, painter, -40, 2)
    second = open_again(context, address)
    banner = second.page.get_by_text("This image is open in another tab")
    expect(banner).to_be_visible()
    second.page.keyboard.press("1")
    second.drag((-100, 60), (100, 60))
    second.page.get_by_role("button", name="Work here instead").click()
    expect(banner).to_be_hidden()
    second.wait_until_open("field.png")
    expect(first.page.get_by_text("You went on in another tab.")).to_be_visible()
    assert np.array_equal(at(work), painter.mask)
    paint(second, painter, 60, 3)
    first.page.bring_to_front()
    first.drag((-100, 0), (100, 0))
    second.page.bring_to_front()
    second.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)


def test_a_tab_that_looks_on_brings_nothing_back_and_leaves_the_draft(editor, context, address, work, painter):
    first = editor.page
    paint(editor, painter, -60, 2)
    first.keyboard.press("Control+s")
    editor.wait_until_saved()
    paint(editor, painter, -20, 1)
    first.keyboard.press("Control+s")
    expect(first.locator("body")).to_have_attribute("data-revision", "2")
    first.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 60, 3)
    first.wait_for_timeout(1000)  # until the stroke is kept
    second = open_again(context, address).page
    expect(second.get_by_text("This image is open in another tab")).to_be_visible()
    second.keyboard.press("Shift+H")
    second.locator("#history [data-revision]").nth(1).click()
    expect(second.locator("#looking")).to_be_visible()
    expect(second.get_by_role("button", name="Restore", exact=True)).to_be_hidden()
    second.locator("[data-command=restore]").dispatch_event("click")
    second.wait_for_timeout(500)
    crash(editor)
    second.close(run_before_unload=False)
    assert kinds(work) == ["checkpoint", "checkpoint"]
    again = open_again(context, address)
    expect(again.page.get_by_text(BACK)).to_be_visible()
    again.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)


def test_a_tab_that_let_go_mends_nothing_through_its_open_check(editor, context, address, work, painter):
    first = editor.page
    first.keyboard.press("1")
    editor.set_diameter(9)
    painter.stroke(editor.drag((-40, -40), (40, -40), (40, 40), (-40, 40), (-40, -40)), 9, 1)
    first.keyboard.press("Control+s")
    editor.wait_until_saved()
    first.keyboard.press("k")
    expect(first.locator("#inspector .finding").first).to_be_visible()
    second = open_again(context, address)
    second.page.get_by_role("button", name="Work here instead").click()
    expect(second.page.get_by_text("This image is open in another tab")).to_be_hidden()
    second.wait_until_open("field.png")
    first.bring_to_front()
    expect(first.get_by_text("You went on in another tab.")).to_be_visible()
    expect(first.locator("#inspector")).to_be_hidden()
    first.locator("#inspector button").evaluate_all("(all) => all.forEach((button) => button.click())")
    second.page.bring_to_front()
    paint(second, painter, 130, 3)
    second.wait_until_saved()
    first.wait_for_timeout(1000)
    assert np.array_equal(at(work), painter.mask)
    assert kinds(work) == ["checkpoint", "autosave"]


def test_a_tab_whose_work_is_not_saved_does_not_let_go(editor, context, address, painter):
    editor.page.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 0)
    second = open_again(context, address)
    second.page.get_by_role("button", name="Work here instead").click()
    expect(second.page.get_by_text("The other tab has work that is not saved yet.")).to_be_visible()


@pytest.mark.parametrize("choice", ["Keep mine as a new revision", "Take theirs"])
def test_of_two_versions_the_person_chooses_and_both_are_kept(editor, elsewhere, work, painter, choice, troubles):
    theirs = Painter(WIDTH, HEIGHT)
    paint(elsewhere, theirs, -60, 2)
    elsewhere.wait_until_saved()
    paint(editor, painter, 60, 3)
    page = editor.page
    expect(page.get_by_role("heading", name="Two versions of these labels")).to_be_visible()
    forget(troubles, "412")
    expect(page.get_by_text("You saved these labels in another window")).to_be_visible()
    differ = int((theirs.mask != painter.mask).sum())
    expect(page.get_by_text(f"{differ:,} pixels differ, within the frame.")).to_be_visible()
    page.get_by_role("button", name=choice).click()
    mine = choice.startswith("Keep")
    expect(page.locator("body")).to_have_attribute("data-revision", "2" if mine else "3")
    assert np.array_equal(at(work, 1), theirs.mask)
    assert np.array_equal(at(work, 2), painter.mask)
    if mine:
        assert kinds(work) == ["autosave", "checkpoint"]
        return
    editor.wait_until_open("field.png")
    assert kinds(work) == ["autosave", "checkpoint", "restore"]
    assert np.array_equal(at(work), theirs.mask)
    paint(editor, theirs, 0, 1)
    editor.wait_until_saved()
    assert np.array_equal(at(work), theirs.mask)


def test_from_taking_theirs_to_their_labels_nothing_is_painted_and_one_request_is_made(
    editor, elsewhere, work, painter, troubles
):
    theirs = Painter(WIDTH, HEIGHT)
    paint(elsewhere, theirs, -60, 2)
    elsewhere.wait_until_saved()
    page, keys = editor.page, []

    def lose_the_first(route):
        keys.append(route.request.headers["idempotency-key"])
        return route.abort() if len(keys) == 1 else route.continue_()

    page.route(re.compile("/restore/$"), lose_the_first)
    paint(editor, painter, 60, 3)
    page.get_by_role("button", name="Take theirs").click()
    forget(troubles, "412")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.keyboard.press("1")
    x, y = editor.at(-200, 130)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 400, y, steps=4)
    page.mouse.up()
    again.click()
    expect(page.locator("body")).to_have_attribute("data-revision", "3")
    editor.wait_until_open("field.png")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert kinds(work) == ["autosave", "checkpoint", "restore"]
    assert np.array_equal(at(work, 2), painter.mask)
    assert np.array_equal(at(work), theirs.mask)


def test_a_version_that_is_kept_is_sent_until_it_is_answered_and_then_the_page_goes_on(
    editor, elsewhere, work, painter, troubles
):
    paint(elsewhere, Painter(WIDTH, HEIGHT), -60, 2)
    elsewhere.wait_until_saved()
    page, sent = editor.page, []

    def lose_three(route):
        sent.append(route.request.headers["idempotency-key"])
        return route.abort() if len(sent) <= 3 else route.continue_()

    paint(editor, painter, 60, 3)
    expect(page.get_by_role("heading", name="Two versions of these labels")).to_be_visible()
    forget(troubles, "412")
    page.route(SAVES, lose_three)
    page.get_by_role("button", name="Keep mine as a new revision").click()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("#cover")).to_be_hidden()  # ten seconds later, by itself
    editor.wait_until_saved()
    assert len(sent) == 4
    assert len(set(sent)) == 1
    assert np.array_equal(at(work, 2), painter.mask)


def test_whoever_decides_later_is_reminded_and_chooses(editor, elsewhere, work, painter, troubles):
    paint(elsewhere, Painter(WIDTH, HEIGHT), -60, 2)
    elsewhere.wait_until_saved()
    page = editor.page
    reminder = page.get_by_text("Until you choose a version, your work is kept in this browser only.")
    paint(editor, painter, 60, 3)
    page.get_by_role("button", name="Decide later").click()
    forget(troubles, "412")
    expect(reminder).to_be_visible()
    paint(editor, painter, 100, 1)
    page.wait_for_timeout(4000)  # nothing is saved by itself now
    assert kinds(work) == ["autosave"]
    expect(reminder).to_be_visible()
    page.get_by_role("button", name="Choose…").click()
    page.get_by_role("button", name="Keep mine as a new revision").click()
    editor.wait_until_saved()
    expect(reminder).to_be_hidden()
    assert np.array_equal(at(work, 2), painter.mask)


def test_a_draft_whose_revision_is_no_longer_the_newest_is_a_conflict(
    editor, elsewhere, context, address, work, painter, troubles
):
    editor.page.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 60, 3)
    crash(editor)
    theirs = Painter(WIDTH, HEIGHT)
    paint(elsewhere, theirs, -60, 2)
    elsewhere.wait_until_saved()
    again = open_again(context, address)
    again.page.get_by_role("button", name="Keep mine as a new revision").click()
    again.wait_until_saved()
    assert np.array_equal(at(work, 1), theirs.mask)
    assert np.array_equal(at(work, 2), painter.mask)
    forget(troubles, "412")


def test_a_server_that_is_not_ready_is_asked_again(editor, work, painter, troubles):
    refusals = []

    def refuse_twice(route):
        refusals.append(route.request.headers["idempotency-key"])
        if len(refusals) > 2:
            return route.continue_()
        return route.fulfill(status=503, json={"error": "The database is not ready."}, headers={"Retry-After": "1"})

    editor.page.route(SAVES, refuse_twice)
    paint(editor, painter, 0)
    expect(state(editor)).to_have_text("Server not ready: 2 tiles waiting")
    expect(editor.page.get_by_text("You can go on: your work is kept in this browser")).to_be_visible()
    editor.wait_until_saved()
    assert len(set(refusals)) == 1
    assert np.array_equal(at(work), painter.mask)
    forget(troubles, "503")


def test_work_that_came_too_late_is_offered_as_a_file(editor, context, address, work, painter, troubles):
    page = editor.page
    paint(editor, painter, -60, 2)
    editor.wait_until_saved()
    Annotation.objects.filter(pk=work.pk).update(state="submitted")
    paint(editor, painter, 60, 3)
    expect(page.get_by_text("This annotation is submitted and cannot be changed any more.").last).to_be_visible()
    forget(troubles, "409")
    expect(page.get_by_text("Save your work as a file now.")).to_be_hidden()
    assert np.array_equal(file_of(page), painter.mask)
    page.get_by_role("button", name="Later").click()
    crash(editor)
    again = open_again(context, address).page
    expect(again.get_by_text("could not be saved. This image was closed before.")).to_be_visible()
    assert np.array_equal(file_of(again), painter.mask)
    again.get_by_role("button", name="Drop it").click()
    again.reload()
    Editor(again).wait_until_open("field.png")
    expect(again.get_by_role("button", name="Save as a file")).to_be_hidden()
    assert work.revisions.count() == 1


def test_a_404_of_something_in_front_of_the_server_is_no_refusal(editor, work, painter, troubles):
    keys = []

    def hide_the_server_once(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        return route.fulfill(status=404, body="<h1>default backend</h1>", content_type="text/html")

    editor.page.route(SAVES, hide_the_server_once)
    paint(editor, painter, 0)
    expect(state(editor)).to_have_text("Server not ready: 2 tiles waiting")
    editor.wait_until_saved()
    expect(editor.page.locator("dialog[open]")).to_have_count(0)
    assert len(set(keys)) == 1 < len(keys)
    assert np.array_equal(at(work), painter.mask)
    forget(troubles, "404")


def test_whoever_was_removed_is_told_to_save_the_file_now(editor, work, painter, troubles):
    page = editor.page
    Membership.objects.filter(pk=work.member_id).update(removed_at=timezone.now())
    paint(editor, painter, 60, 3)
    expect(page.get_by_text("Save your work as a file now.")).to_be_visible()
    assert np.array_equal(file_of(page), painter.mask)
    forget(troubles, "404")


def file_of(page: Page) -> np.ndarray:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert download.value.suggested_filename == "field-unsaved.png"
    return np.asarray(PillowImage.open(io.BytesIO(download.value.path().read_bytes())))


def test_a_ground_truth_whose_answer_was_lost_is_no_unsaved_work(editor, context, address, work, painter):
    editor.page.route(SAVES, lambda route: (route.fetch(), route.abort()))
    paint(editor, painter, 0)
    editor.page.keyboard.press("Control+Enter")
    expect(editor.page.get_by_text("Saving the ground truth…")).to_be_visible()
    while work.state != Annotation.State.SUBMITTED:
        editor.page.wait_for_timeout(100)
        work.refresh_from_db()
    crash(editor)
    again = open_again(context, address).page
    again.wait_for_load_state("networkidle")
    expect(again.get_by_role("button", name="Save as a file")).to_be_hidden()
    assert np.array_equal(at(work), painter.mask)


def test_a_ground_truth_that_never_arrived_is_sent_before_the_page_opens_again(editor, context, address, work, painter):
    context.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 0)
    editor.page.keyboard.press("Control+Enter")
    expect(editor.page.get_by_role("button", name="Try again")).to_be_visible()
    crash(editor)
    again = new_page(context)
    again.goto(address)
    once_more = again.get_by_role("button", name="Try again")
    expect(once_more).to_be_visible()
    assert kinds(work) == []
    context.unroute(SAVES)
    once_more.click()
    expect(again.get_by_role("heading", name="Projects")).to_be_visible()
    work.refresh_from_db()
    assert work.state == Annotation.State.SUBMITTED
    assert kinds(work) == ["ground_truth"]
    assert np.array_equal(at(work), painter.mask)


def test_a_ground_truth_that_was_saved_offline_leads_on_when_the_network_is_back(editor, context, work, painter):
    page = editor.page
    paint(editor, painter, 40)
    page.keyboard.press("k")  # the check is fetched
    expect(page.locator("#inspector")).to_be_visible()
    context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    assert kinds(work)[-1] == "ground_truth"
    assert np.array_equal(at(work), painter.mask)


def test_two_clicks_save_one_ground_truth(editor, work, painter):
    page, sent = editor.page, []
    paint(editor, painter, 0)
    editor.wait_until_saved()
    page.on("request", lambda request: SAVES.search(request.url) and sent.append(request.method))
    page.get_by_role("button", name="Save ground truth and next image").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    assert sent == ["POST"]
    assert kinds(work) == ["autosave", "ground_truth"]


def test_a_browser_that_keeps_nothing_says_so_and_still_saves(page, live_server, address, work, painter):
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { get: () => undefined })")
    log_in(page, live_server.url, "anna")
    editor = open_editor(page, address)
    expect(page.get_by_text("This browser keeps no unsaved work")).to_be_visible()
    page.route(SAVES, lambda route: route.abort())
    paint(editor, painter, 0)
    expect(state(editor)).to_have_text(re.compile("^Offline"))
    page.wait_for_timeout(13_000)  # longer than a remark stays
    expect(page.get_by_text("This browser keeps no unsaved work")).to_be_visible()
    page.unroute(SAVES)
    editor.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
