"""The check of the labels before a ground truth, against regions that SciPy finds pixel by pixel."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect
from scipy import ndimage

from accounts.models import AuditEvent
from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import LABELS, PROVENANCE, Annotation
from annotation.reading import plane_bands, tiles_at
from annotation.tests.painting import save_labels
from labeler.tests.browser.people import Editor, log_in
from projects.models import Project
from projects.tests.factories import ImageFactory, MembershipFactory

TOUCHING = np.ones((3, 3), bool)
BESIDE = ndimage.generate_binary_structure(2, 1)
BELOW = 20
FILL, BRUSH = 6, 1


def speckled() -> np.ndarray:
    """Three categories over 500 × 360 px, two unlabelled corners, and 60 dabs of up to 6 px a side."""
    random = np.random.default_rng(8)
    mask = np.ones((360, 500), np.uint8)
    mask[:, 240:] = 2
    mask[250:, 100:400] = 3
    mask[:60, :80] = mask[300:, 430:] = 0
    for _ in range(60):
        y, x, height, width = *random.integers(0, (350, 490)), *random.integers(1, 7, 2)
        mask[y : y + height, x : x + width] = random.integers(0, 4)
    return mask


def found(mask: np.ndarray, value: int | None = None) -> list[tuple[str, np.ndarray, int]]:
    """Every finding below the size: its kind, its pixels, and the category with the longest border, or 0."""
    findings = []
    for value in range(4):
        labels, count = ndimage.label(mask == value, TOUCHING)
        for number in range(1, count + 1):
            region = labels == number
            inner = not (region[[0, -1]].any() or region[:, [0, -1]].any())
            around = np.unique(mask[ndimage.binary_dilation(region, TOUCHING) & ~region])
            enclosed = inner and around.size == 1 and around[0] > 0
            if region.sum() >= BELOW:
                kind = None if value else "unlabelled"
            else:
                kind = "hole" if enclosed else "speck" if value else "unlabelled"
            if kind:
                findings.append((kind, region, longest_border(mask, region)))
    return findings


def longest_border(mask: np.ndarray, region: np.ndarray) -> int:
    lengths = np.zeros(256, int)
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        there = np.roll(region, step, axis)
        there[{(0, 1): np.s_[0], (0, -1): np.s_[-1], (1, 1): np.s_[:, 0], (1, -1): np.s_[:, -1]}[axis, step]] = False
        lengths += np.bincount(mask[there & ~region], minlength=256)
    lengths[0] = 0
    return int(lengths.argmax())


def fixed(mask: np.ndarray, kind: str) -> np.ndarray:
    """The mask after all small findings of a kind took their longest border's category."""
    result = mask.copy()
    for each, region, into in found(mask):
        if each == kind and region.sum() < BELOW:
            result[region] = into
    return result


def stored(annotation: Annotation, plane: int = LABELS) -> np.ndarray:
    annotation.refresh_from_db()
    tiles = tiles_at({annotation.pk: annotation.head}, plane)[annotation.pk]
    return np.concatenate(list(plane_bands(annotation.image, tiles)))


@pytest.fixture
def work(project, annotator):
    """Two images of tissue that Anna is to label."""
    pixels, _ = tissue_phantom(360, 500, seed=1)
    for position in range(2):
        ImageFactory(project=project, position=position, name=f"field-{position + 1}.png", pixels=pixels, um_per_px=0.5)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return list(membership.annotations.in_order())


@pytest.fixture
def open_with(page, live_server, work, annotator):
    """Open the first image in Anna's browser with a mask that was saved before."""

    def open_it(mask: np.ndarray, **rules) -> Editor:
        Project.objects.filter(pk=work[0].image.project_id).update(**rules)
        client = Client()
        client.force_login(annotator)
        assert save_labels(client, work[0], mask).status_code == 200
        log_in(page, live_server.url, "anna")
        page.goto(live_server.url + reverse("editor", args=[work[0].pk]))
        editor = Editor(page)
        editor.wait_until_open("field-1.png")
        return editor

    return open_it


def heading(page, words: str):
    return page.get_by_role("heading", name=re.compile(words))


def check(page) -> None:
    page.get_by_role("button", name="Check labels").click()
    expect(page.locator("#inspector-state")).not_to_have_text(re.compile("^$|Looking"))


def test_what_is_found_is_fixed_at_once_and_undone(open_with, work):
    mask = speckled()
    page = open_with(mask).page
    check(page)
    counts = {kind: sum(each == kind for each, _, _ in found(mask)) for kind in ("unlabelled", "hole", "speck")}
    assert min(counts.values()) > 0
    for kind, title in (("unlabelled", "Unlabelled"), ("hole", "Holes"), ("speck", "Specks")):
        expect(heading(page, f"^{title} · {counts[kind]}$")).to_be_visible()
        sizes = sorted((int(region.sum()) for each, region, _ in found(mask) if each == kind), reverse=True)
        section = page.locator("#inspector section").filter(has=heading(page, f"^{title}"))
        shown = section.locator(".finding-size").all_inner_texts()
        assert shown == [f"{size:,} px" for size in sizes]
    provenance = (mask > 0).astype(np.uint8) * BRUSH
    for kind, title in (("hole", "Holes"), ("speck", "Specks"), ("unlabelled", "Unlabelled")):
        before, mask = mask, fixed(mask, kind)
        provenance[mask != before] = FILL
        provenance[mask == 0] = 0
        section = page.locator("#inspector section").filter(has=heading(page, f"^{title}"))
        section.get_by_role("button", name=re.compile("^Fix")).click()
        expect(page.locator("#inspector")).not_to_contain_text("Looking")
        left = sum(each == kind for each, _, _ in found(mask))
        expect(heading(page, f"^{title} · {left}$") if left else page.locator("#inspector")).to_be_visible()
        page.keyboard.press("Control+s")
        Editor(page).wait_until_saved()
        assert np.array_equal(stored(work[0]), mask)
        assert np.array_equal(stored(work[0], PROVENANCE), provenance)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(heading(page, f"^Holes · {counts['hole']}$")).to_be_visible()
    page.keyboard.press("Control+s")
    Editor(page).wait_until_saved()
    assert np.array_equal(stored(work[0]), speckled())


def test_one_is_flown_to_and_fixed_with_the_keyboard(open_with, work):
    mask = np.full((360, 500), 2, np.uint8)
    mask[300:303, 400:404] = 1
    mask[20:22, 30:32] = 0
    page = open_with(mask).page
    page.keyboard.press("k")
    expect(heading(page, "^Holes · 2$")).to_be_visible()
    page.keyboard.press("k")
    first = page.get_by_role("button", name="Tumour in Stroma 12 px")
    expect(first).to_have_attribute("aria-pressed", "true")
    box = page.locator(".stage-mark").bounding_box()
    stage = page.locator("#stage").bounding_box()
    panel = page.locator("#inspector").bounding_box()
    page.wait_for_timeout(500)  # of flying
    box = page.locator(".stage-mark").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    free = (stage["x"] + panel["x"]) / 2, stage["y"] + stage["height"] / 2
    assert np.allclose(middle, free, atol=12)
    page.mouse.move(*middle)
    expect(page.locator("#position")).to_have_text(re.compile(r"^40[0-3], 30[0-2]\b"))
    first.focus()
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("button", name="Unlabelled in Stroma 4 px")
    expect(second).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Make it Stroma")).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading(page, "^Holes · 1$")).to_be_visible()
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    page.keyboard.press("Control+s")
    Editor(page).wait_until_saved()
    mask[20:22, 30:32] = 2
    assert np.array_equal(stored(work[0]), mask)


def test_a_project_is_told_what_is_left_until_it_is_clean(open_with, work):
    mask = np.full((360, 500), 2, np.uint8)
    mask[300:303, 400:404] = 1
    mask[20:22, 30:32] = 0
    page = open_with(mask, label_every_pixel=True, smallest_region=5, smallest_region_unit="um2").page
    page.keyboard.press("Control+Enter")
    state = page.locator("#inspector-state")
    expect(state).to_contain_text("Needed before the ground truth: 2.")
    expect(state).to_contain_text("a label for every pixel and no holes or specks below 5 µm²")
    work[0].refresh_from_db()
    assert (work[0].head, work[0].state) == (1, "in_progress")
    page.get_by_role("button", name="Unlabelled in Stroma 1 µm²").click()
    expect(page.get_by_role("button", name="This is intended")).to_have_count(0)
    page.get_by_role("button", name="Make it Stroma").click()
    expect(state).to_contain_text("Needed before the ground truth: 1.")
    page.get_by_role("button", name="Tumour in Stroma 3 µm²").click()
    page.get_by_role("button", name="This is intended").click()
    expect(heading(page, "^Intended · 1$")).to_be_visible()
    expect(state).to_have_text("No gaps, holes or specks.")
    page.keyboard.press("Control+s")
    Editor(page).wait_until_saved()
    page.reload()
    Editor(page).wait_until_open("field-1.png")
    page.keyboard.press("k")
    expect(heading(page, "^Intended · 1$")).to_be_visible()
    page.keyboard.press("Control+Enter")
    Editor(page).wait_until_open("field-2.png")
    mask[20:22, 30:32] = 2
    assert np.array_equal(stored(work[0]), mask)
    assert work[0].state == "submitted"
    assert AuditEvent.objects.filter(action="regions intended", new="[[1, 400, 300, 12]]").count() == 1


def test_what_the_server_alone_knows_is_said_in_the_page(open_with, work, troubles):
    mask = np.full((360, 500), 2, np.uint8)
    mask[:100] = 0
    page = open_with(mask).page
    Project.objects.update(label_every_pixel=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notice")).to_contain_text("50,000 pixels in 1 place have no label")
    assert [trouble[:3] for trouble in troubles] == ["422"]
    troubles.clear()
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("1")
    Editor(page).drag((-100, 50), (100, 50))
    Editor(page).wait_until_saved()
    work[0].refresh_from_db()
    assert (work[0].head, work[0].state) == (2, Annotation.State.IN_PROGRESS)


def test_a_check_that_could_not_begin_is_tried_again_and_keeps_nobody_waiting(open_with, work):
    page = open_with(speckled()).page
    page.route(re.compile("inspect.worker"), lambda route: route.abort())
    page.keyboard.press("k")
    state = page.locator("#inspector-state")
    expect(state).to_have_text("The labels could not be checked here.")
    page.unroute(re.compile("inspect.worker"))
    page.get_by_role("button", name="Close the check").click()
    page.keyboard.press("k")
    expect(heading(page, "^Unlabelled")).to_be_visible()
    page.reload()
    Editor(page).wait_until_open("field-1.png")
    page.route(re.compile("inspect.worker"), lambda route: route.abort())
    for _ in range(2):
        page.keyboard.press("k")
        expect(state).to_have_text("The labels could not be checked here.")
        page.get_by_role("button", name="Close the check").click()
    page.keyboard.press("Control+Enter")
    Editor(page).wait_until_open("field-2.png")


def test_advice_takes_one_click(open_with, work):
    mask = np.full((360, 500), 2, np.uint8)
    mask[100:102, 100:102] = 1
    page = open_with(mask).page
    page.keyboard.press("Control+Enter")
    expect(heading(page, "^1 hole below 20 px$")).to_be_visible()
    page.get_by_role("button", name="Look at them").click()
    expect(heading(page, "^Holes · 1$")).to_be_visible()
    page.get_by_role("button", name="Close the check").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Save ground truth", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    Editor(page).wait_until_open("field-2.png")
    assert np.array_equal(stored(work[0]), mask)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_assistive_technology(open_with, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page = open_with(speckled(), smallest_region=30).page
    check(page)
    page.keyboard.press("k")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_creator_sets_the_rules_on_the_page_of_the_project(page, live_server, project, creator, troubles):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("project_edit", args=[project.pk]))
    page.get_by_label("Every pixel has a label").check()
    page.get_by_label("No holes and specks below").fill("-1")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("The area must be above 0.")).to_be_visible()
    assert [trouble[:3] for trouble in troubles] == ["400"]
    troubles.clear()
    page.get_by_label("No holes and specks below").fill("12,5")
    page.get_by_label("Unit of the area").select_option("um2")
    with page.expect_navigation():
        page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_label("No holes and specks below")).to_have_value("12.5")
    project.refresh_from_db()
    assert (project.label_every_pixel, project.smallest_region, project.smallest_region_unit) == (True, 12.5, "um2")
