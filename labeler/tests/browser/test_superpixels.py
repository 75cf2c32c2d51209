"""Superpixels in a real browser: granularity, seams, mixed segments, sizes, advice, a busy server."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import PROVENANCE
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in, wait_until_drawn
from labeler.tests.browser.segments import Mosaic, Traffic
from labeler.tests.browser.test_editor import stored
from projects.models import Image
from projects.tasks import is_tiled, store_tiles
from projects.tests.factories import ImageFactory, MembershipFactory

pytestmark = pytest.mark.usefixtures("warm_worker")

SLIC, FELZENSZWALB = 2, 3


def work_of(project, annotator, *sizes: tuple[int, int]) -> list:
    """Images of tissue, (width, height) each, that Anna is to label."""
    for position, (width, height) in enumerate(sizes):
        pixels, _ = tissue_phantom(height, width, seed=position + 1)
        name = f"field-{position + 1}.png"
        image = ImageFactory(project=project, position=position, name=name, pixels=pixels, um_per_px=0.5)
        if is_tiled(image):
            store_tiles(image)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return list(membership.annotations.in_order())


def open_editor(page: Page, address: str) -> Editor:
    log_in(page, address, "anna")
    page.get_by_role("link", name=re.compile("Start labelling")).click()
    editor = Editor(page)
    editor.wait_until_open("field-1.png")
    return editor


@pytest.fixture
def work(project, annotator):
    return work_of(project, annotator, (500, 360), (400, 300))


@pytest.fixture
def editor(page, live_server, work):
    return open_editor(page, live_server.url)


def choose_tool(page: Page) -> None:
    page.keyboard.press("w")
    wait_for_segments(page)


def wait_for_segments(page: Page) -> None:
    expect(page.locator("#granularity")).to_be_visible()
    expect(page.get_by_role("button", name="Calculate segments")).to_have_attribute("aria-busy", "false")


def shown(page: Page) -> int:
    return int(page.locator("body").get_attribute("data-segments") or 0)


def level(page: Page) -> float:
    return float(page.locator("body").get_attribute("data-level") or 0)


def save(editor: Editor) -> None:
    editor.page.keyboard.press("Control+s")
    editor.wait_until_saved()


def test_segments_are_painted_at_two_granularities_and_one_that_was_climbed_to(editor, work):
    page, painter, traffic = editor.page, Painter(500, 360), Traffic(editor.page)
    choose_tool(page)
    mosaic = Mosaic(500, 360, traffic.maps())
    (only,) = mosaic.maps
    delivered = shown(page)
    assert delivered == only.count
    page.keyboard.press("1")
    painter.fill(mosaic.segment(editor.drag((-200, -140))[0], 0), 1)
    for _ in range(6):
        page.keyboard.press("]")
    coarse = level(page)
    assert coarse > 0
    assert shown(page) == len(set(only.nodes(coarse))) < delivered / 3
    page.keyboard.press("2")
    painter.fill(mosaic.segment(editor.drag((120, 60))[0], coarse), 2)
    zoom = page.locator("#zoom").inner_text()
    pixel = editor.point(-90, 70)
    page.keyboard.down("Alt")
    climbed = coarse
    for _ in range(2):
        page.mouse.wheel(0, -100)
        climbed = only.next_height(mosaic.place(pixel, [only.nodes(climbed)])[1], climbed)
    page.keyboard.up("Alt")
    assert page.locator("#zoom").inner_text() == zoom
    page.keyboard.press("3")
    page.mouse.down()
    page.mouse.up()
    painter.fill(mosaic.segment(pixel, climbed), 3)
    assert mosaic.segment(pixel, climbed).sum() > mosaic.segment(pixel, coarse).sum()
    # Elsewhere nothing was climbed, and here painting ended it.
    painter.fill(mosaic.segment(editor.drag((-90, 70))[0], coarse), 3)
    save(editor)
    assert np.array_equal(stored(work[0]), painter.mask)


def test_a_step_down_the_tree_paints_a_part_of_the_segment(editor, work):
    page, traffic = editor.page, Traffic(editor.page)
    choose_tool(page)
    for _ in range(9):
        page.keyboard.press("]")
    mosaic = Mosaic(500, 360, traffic.maps())
    pixel = editor.point(60, 40)
    for _ in range(40):
        page.keyboard.press("Shift+BracketLeft")
    page.keyboard.press("2")
    page.mouse.down()
    page.mouse.up()
    save(editor)
    assert np.array_equal(stored(work[0]) > 0, mosaic.segment(pixel, 0))
    assert mosaic.segment(pixel, 0).sum() < mosaic.segment(pixel, level(page)).sum()


def test_the_slider_goes_from_what_was_delivered_to_about_ten(editor):
    page = editor.page
    choose_tool(page)
    delivered = shown(page)
    slider = page.get_by_role("slider", name="Granularity")
    expect(slider).to_have_attribute("aria-valuetext", f"{delivered:,} segments")
    slider.press("Home")
    expect(page.locator("#granularity-count")).to_have_text("10 segments")
    slider.press("End")
    expect(page.locator("#granularity-count")).to_have_text(f"{delivered:,} segments")


def test_a_segment_across_a_seam_is_one(page, live_server, project, annotator):
    work = work_of(project, annotator, (2500, 700))
    editor, traffic, painter = open_editor(page, live_server.url), Traffic(page), Painter(2500, 700)
    page.keyboard.press("Shift+Digit0")
    choose_tool(page)
    expect(page.locator("body")).to_have_attribute("data-regions", re.compile("[23]"))
    page.get_by_role("slider", name="Granularity").press("Home")
    for _ in range(4):
        page.keyboard.press("[")
    mosaic = Mosaic(2500, 700, traffic.maps())
    assert {each.x for each in mosaic.maps} >= {0, 1024}
    left, _ = editor.point(0, 0)
    pixel = next(
        (x, y) for y in range(200, 500, 7) for x in [1020] if mosaic.segment((x, y), level(page))[:, 1024:].any()
    )
    page.keyboard.press("1")
    assert editor.drag((pixel[0] - left, pixel[1] - 350))[0] == pixel
    whole = mosaic.segment(pixel, level(page))
    assert whole[:, :1024].any()
    painter.fill(whole, 1)
    page.keyboard.press("2")
    stroke = editor.drag(*((x - left, 150 + (x - 960) // 4) for x in range(960, 1090)))
    assert {x < 1024 for x, _ in stroke} == {True, False}
    painter.fill(np.logical_or.reduce([mosaic.segment(each, level(page)) for each in stroke]), 2)
    save(editor)
    assert np.array_equal(stored(work[0]), painter.mask)


def test_a_large_image_is_asked_for_where_one_looks_and_not_from_too_far_away(page, live_server, project, annotator):
    work_of(project, annotator, (2500, 700))
    open_editor(page, live_server.url)
    regions = page.locator("body")
    page.keyboard.press("Shift+Digit0")
    expect(page.locator("#zoom")).to_have_text("100 %")  # or what was in view on the way there is asked for, too
    choose_tool(page)
    expect(regions).to_have_attribute("data-regions", "2")
    page.keyboard.press("Digit0")
    expect(regions).to_have_attribute("data-regions", "3")
    page.get_by_label("Number of segments", exact=True).first.fill("20000")
    page.get_by_role("button", name="Calculate segments").click()
    expect(page.locator("#segments-note")).to_have_text("Zoom in to see superpixels.")
    expect(regions).to_have_attribute("data-regions", "0")
    page.keyboard.press("Shift+Digit0")
    expect(regions).to_have_attribute("data-regions", "2")
    wait_for_segments(page)


def test_mixed_segments_are_hatched_and_one_key_divides_them(editor, work):
    page, traffic = editor.page, Traffic(editor.page)
    page.keyboard.press("w")
    page.get_by_label("Algorithm").select_option("felzenszwalb")
    page.get_by_role("button", name="Calculate segments").click()
    wait_for_segments(page)
    mosaic = Mosaic(500, 360, traffic.maps()[-1:])
    (only,) = mosaic.maps
    page.get_by_label("Outlines").uncheck()
    mixed = [only.straddle[node] > only.header["alarm"] for node in only.nodes(0)]
    assert any(mixed)
    assert texels(page) > 0
    page.get_by_label("Warn of mixed segments").uncheck()
    assert texels(page) == 0
    page.get_by_label("Outlines").check()
    before = shown(page)
    sizes = np.bincount(only.ids.ravel())
    pixel = editor.point(0, 0)
    across, down = place_of(only, int(sizes.argmax()), pixel)
    divided = editor.point(across, down)
    whole = mosaic.segment(divided, 0)
    page.keyboard.press("r")
    expect(page.locator("body")).not_to_have_attribute("data-segments", str(before))
    opened = shown(page)
    assert before < opened <= before + 20
    page.keyboard.press("1")
    page.mouse.down()
    page.mouse.up()
    save(editor)
    painted = stored(work[0]) == 1
    assert painted[divided[::-1]]
    assert painted.sum() < whole.sum()
    assert not (painted & ~whole).any()
    assert set(np.unique(stored(work[0], PROVENANCE)[painted])) == {SLIC}
    for _ in range(12):
        page.keyboard.press("]")
    coarse = level(page)
    assert shown(page) == len(set(only.nodes(coarse)))
    editor.drag((across, down))
    save(editor)
    assert np.array_equal(stored(work[0]) == 1, mosaic.segment(divided, coarse))
    assert set(np.unique(stored(work[0], PROVENANCE)[stored(work[0]) == 1])) == {FELZENSZWALB}


def texels(page: Page) -> int:
    """Return how many device pixels of the layer of outlines are not clear."""
    wait_until_drawn(page)
    return page.evaluate(
        """() => {
          const canvas = document.querySelector(".stage-outlines");
          if (canvas.hidden) return 0;
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, index) => index % 4 === 3 && value).length;
        }"""
    )


def place_of(each, segment: int, middle: tuple[int, int]) -> tuple[int, int]:
    """Return a place on the screen, from the middle of the stage, where a segment is; the image is fitted into it."""
    rows, cols = np.nonzero(each.ids == segment)
    nearest = np.argmin((rows - rows.mean()) ** 2 + (cols - cols.mean()) ** 2)
    scale = 992 / 500
    return round((cols[nearest] - middle[0]) * scale), round((rows[nearest] - middle[1]) * scale)


def test_a_busy_server_is_told_calmly_and_asked_again(editor, troubles):
    page = editor.page
    refusals = []

    def refuse(route: Route) -> None:
        if len(refusals) >= limit:
            return route.continue_()
        refusals.append(route.request.url)
        return route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": "The server is busy."})

    limit = 1
    page.route("**/superpixels/*.png?*", refuse)
    page.keyboard.press("w")
    expect(page.locator("#segments-note")).to_have_text("The server is busy; trying again in 2 s…")
    wait_for_segments(page)
    assert len(refusals) == 1
    assert [trouble[:3] for trouble in troubles] == ["503"]
    troubles.clear()


def test_a_server_that_fails_leaves_its_sentence_and_a_way_to_try_again(editor, troubles):
    page = editor.page
    sentence = "The calculation took too long. Try fewer or larger segments, or a smaller region."
    page.route("**/superpixels/*.png?*", lambda route: route.fulfill(status=503, json={"error": sentence}))
    page.keyboard.press("w")
    expect(page.locator("#segments-note")).to_have_text(sentence)
    expect(page.locator('[data-command="calculate"] .spinner-border')).to_be_hidden()
    page.unroute("**/superpixels/*.png?*")
    page.get_by_role("button", name="Try again").click()
    wait_for_segments(page)
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    assert [trouble[:3] for trouble in troubles] == ["503"]
    troubles.clear()


def test_a_size_in_um_is_asked_for_in_pixels_and_remembered(editor):
    page = editor.page
    choose_tool(page)
    page.get_by_label("Number or size").select_option("um")
    page.get_by_label("Segment size in µm", exact=True).first.fill("12")
    page.keyboard.press("Enter")
    here = re.compile(r"/superpixels/slic\.png(?!.*background)")  # not what is prepared for the next image
    with page.expect_request(here) as asked:
        page.get_by_role("button", name="Calculate segments").click()
    assert parse_qs(urlsplit(asked.value.url).query)["size"] == ["24"]
    wait_for_segments(page)
    assert 200 < shown(page) < 450  # 500 × 360 pixels hold 312 squares of 24
    page.reload()
    editor.wait_until_open("field-1.png")
    expect(page.get_by_label("Number or size")).to_have_value("um")
    expect(page.locator("#main-parameter input[type=number]")).to_have_value("12")


def paint_three_lines(editor: Editor) -> None:
    """Brush strokes of three categories, which the few segments shown cannot follow."""
    editor.page.keyboard.press("b")
    for value, down in (("1", -60), ("2", 0), ("3", 60)):
        editor.page.keyboard.press(value)
        editor.drag((-200, down), (200, down))


def test_what_was_painted_suggests_a_setting(editor):
    page = editor.page
    choose_tool(page)
    page.get_by_role("slider", name="Granularity").press("Home")
    paint_three_lines(editor)
    page.keyboard.press("w")
    page.get_by_text("More settings").click()
    with page.expect_response(re.compile("/fit/")) as answer:
        page.get_by_role("button", name="Suggest a setting").click()
    assert "background" not in answer.value.url
    fits = answer.value.json()
    best = fits["settings"][fits["best"]]
    proposal = page.locator("#proposal-text")
    expect(proposal).to_contain_text(f"follows what you painted best ({round(100 * best['accuracy'])} %).")
    map_of_best = re.compile(rf"/superpixels/{best['algorithm']}\.png(?!.*background)")  # not one for the next image
    with page.expect_request(map_of_best) as asked:
        page.get_by_role("button", name="Use it").click()
    query = parse_qs(urlsplit(asked.value.url).query)
    assert all(
        query[name] == [f"{value}"] or float(query[name][0]) == value for name, value in best["parameters"].items()
    )
    expect(proposal).to_be_hidden()
    expect(page.get_by_label("Algorithm")).to_have_value(best["algorithm"])


def test_after_a_rest_the_setting_is_compared_with_what_was_painted(editor):
    page = editor.page
    choose_tool(page)
    page.get_by_role("slider", name="Granularity").press("Home")
    paint_three_lines(editor)
    page.keyboard.press("w")
    editor.point(-200, 150)
    for _ in range(40):
        page.keyboard.press("PageDown")  # a small segment, which does not outweigh the lines
    with page.expect_response(re.compile(r"/fit/\?background=1$")) as answer:
        editor.drag((-200, 150))
    assert answer.value.ok
    expect(page.locator("#proposal-text")).to_contain_text("follows what you painted best")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#proposal-text")).to_be_hidden()


def test_too_little_to_suggest_anything_is_said(editor):
    page = editor.page
    choose_tool(page)
    page.get_by_text("More settings").click()
    page.get_by_role("button", name="Suggest a setting").click()
    expect(page.locator("#segments-note")).to_have_text(re.compile("^Paint two categories side by side first"))


def test_the_next_image_is_prepared_with_the_same_settings(editor, work):
    page = editor.page
    image = work[1].image_id
    with (
        page.expect_response(re.compile(rf"/images/{image}/superpixels/slic\.png.*background=1")) as png,
        page.expect_response(re.compile(rf"/images/{image}/superpixels/slic\.tree.*background=1")) as tree,
    ):
        choose_tool(page)
    assert png.value.ok
    assert tree.value.ok
    page.keyboard.press("1")
    editor.drag((0, 0))
    with page.expect_request(re.compile(rf"/images/{image}/superpixels/slic\.png")) as asked:
        page.keyboard.press("Control+Enter")
    assert query_of(asked.value.url) == query_of(png.value.url)
    editor.wait_until_open("field-2.png")
    wait_for_segments(page)


def test_a_size_in_um_is_prepared_in_the_pixels_of_the_next_image(page, live_server, work):
    Image.objects.filter(pk=work[1].image_id).update(um_per_px=0.25)
    editor = open_editor(page, live_server.url)
    choose_tool(page)
    page.get_by_label("Number or size").select_option("um")
    page.get_by_label("Segment size in µm", exact=True).first.fill("12")
    page.keyboard.press("Enter")
    pattern = rf"/images/{work[1].image_id}/superpixels/slic\.png"
    with page.expect_response(re.compile(rf"{pattern}.*size=48.*background=1")) as png:
        page.get_by_role("button", name="Calculate segments").click()
    assert png.value.ok
    page.keyboard.press("1")
    editor.drag((0, 0))
    with page.expect_request(re.compile(pattern)) as asked:
        page.keyboard.press("Control+Enter")
    assert query_of(asked.value.url) == query_of(png.value.url)
    editor.wait_until_open("field-2.png")
    wait_for_segments(page)


def query_of(url: str) -> dict:
    query = parse_qs(urlsplit(url).query)
    query.pop("background", None)
    return query


def test_a_creator_makes_a_setting_the_projects_default_and_others_start_with_it(
    page, live_server, project, work, browser, browser_context_args
):
    assign(project.memberships.get(user=project.creator))
    log_in(page, live_server.url, "carla")
    page.get_by_role("link", name=re.compile("^Label Colon")).click()
    Editor(page).wait_until_open("field-1.png")
    choose_tool(page)
    page.get_by_label("Number or size").select_option("px")
    page.get_by_label("Segment size in pixels", exact=True).first.fill("30")
    page.get_by_text("More settings").click()
    assert "size=30" in (page.get_by_role("link", name="Compare with scikit-image").get_attribute("href") or "")
    page.get_by_role("button", name="Make this the project’s default").click()
    expect(page.get_by_text("Everybody in this project now starts with this setting.")).to_be_visible()
    project.refresh_from_db()
    assert project.superpixel_defaults["slic"]["size"] == 30
    context = browser.new_context(**browser_context_args)
    member = context.new_page()
    open_editor(member, live_server.url)
    with member.expect_request(re.compile("/superpixels/slic.png")) as asked:
        member.keyboard.press("w")
    assert query_of(asked.value.url)["size"] == ["30"]
    member.get_by_text("More settings").click()
    expect(member.get_by_role("button", name="Make this the project’s default")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_of_segments_is_open_to_assistive_technology(page, live_server, work, scheme):
    page.emulate_media(color_scheme=scheme)
    open_editor(page, live_server.url)
    choose_tool(page)
    page.get_by_text("More settings").click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
