"""The whole job of a research group, with mouse and keyboard, on real tissue."""

import csv
import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import Editor, log_in, log_out

IMAGES = {
    "nucls_train_2.png": "nucls/images/nucls_train_2.png",
    "nucls_train_10.jpg": "cmu1-regions/images/cmu1_half.jpg",
    "tissue.png": "dsb2018-tissue/images/4193474b2f1c.png",
}
SIZES = {"nucls_train_2.png": (256, 256), "nucls_train_10.jpg": (1110, 1484), "tissue.png": (320, 256)}


@pytest.fixture
def desk(browser, browser_context_args):
    """A browser of their own for each person."""
    contexts = []

    def open_browser() -> Page:
        contexts.append(browser.new_context(**browser_context_args))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        return page

    yield open_browser
    for context in contexts:
        for page in context.pages:
            page.goto("about:blank")
        context.close()


def test_a_group_does_the_whole_job(desk, troubles, live_server, shared_data, tmp_path, creator, irb_staff):
    member, officer, owner = desk(), desk(), desk()
    sign_up(member, live_server.url)
    approve(officer, live_server.url)
    create_project(owner, live_server.url, uploads(shared_data, tmp_path))
    add_member(owner)
    assert troubles.pop().startswith("400 ")  # the name that nobody has
    painted = label_everything(member, live_server.url)
    masks, manifest = export_by_admin_action(owner, live_server.url)
    assert list(painted) == [row["image"] for row in manifest]
    for name, expected in painted.items():
        mask = masks[f"Breast nuclei/newcomer/{name.rsplit('.', 1)[0]}.png"]
        assert mask.mode == "P"
        assert np.array_equal(np.asarray(mask), expected), f"{name} is not what was painted"
        assert {1, 2} <= set(np.unique(expected)), "the test painted too little to mean anything"
        assert mask.getpalette()[3:6] == [0x00, 0x9E, 0x73]


def uploads(shared_data, folder) -> list[str]:
    paths = []
    for name, source in IMAGES.items():
        (folder / name).write_bytes((shared_data / "histology" / source).read_bytes())
        paths.append(str(folder / name))
    return paths[::-1]  # the page has to bring them into natural order itself


def sign_up(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name=re.compile("account", re.I)).first.click()
    page.get_by_label("Full name").fill("Nina Newcomer")
    page.get_by_label("Affiliation").fill("Institute of Pathology")
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label(re.compile("e-?mail", re.I)).fill("Nina@Example.org")
    page.locator("[name=password], [name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.get_by_label("Label images of projects I am invited to").check()
    page.get_by_label("Reason").fill("I read the breast slides of the nuclei study.")
    page.get_by_label("IRB protocol number").fill("2026-0117")
    page.get_by_label("I have read this and agree to it").check()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Your request is waiting for IRB staff.")).to_be_visible()
    page.goto(f"{address}/projects/new/")
    expect(page.get_by_text("Your request is waiting for IRB staff.")).to_be_visible()


def approve(page: Page, address: str) -> None:
    log_in(page, address, "irene")
    page.get_by_role("link", name="Open the queue of registrations").click()
    row = page.get_by_role("row", name=re.compile("Nina Newcomer"))
    expect(row).to_contain_text("I read the breast slides of the nuclei study.")
    expect(row).to_contain_text("2026-0117")
    row.get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Approve")
    page.get_by_role("button", name=re.compile("^(Go|Run)")).click()
    page.get_by_role("button", name="Approve 1 request").click()
    expect(page.get_by_text("1 approved.")).to_be_visible()


def create_project(page: Page, address: str, files: list[str]) -> None:
    log_in(page, address, "carla")
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill("Breast nuclei")
    page.get_by_label(re.compile("Labelling instructions")).fill("Outline tumour nuclei first.")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").click()
    chooser.value.set_files(files)
    expect(page.locator(".file-name")).to_have_text(list(IMAGES))
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    expect(page.locator(".project-row")).to_contain_text("Breast nuclei")


def add_member(page: Page) -> None:
    page.get_by_role("button", name="Add member to Breast nuclei").click()
    page.get_by_label("Username or e-mail address").fill("nobody")
    page.get_by_role("dialog").get_by_role("button", name="Add member").click()
    expect(page.locator("#person-error")).to_be_visible()
    page.get_by_label("Username or e-mail address").fill("nina@example.org")
    page.get_by_role("dialog").get_by_role("button", name="Add member").click()
    expect(page.locator(".project-row")).to_contain_text("0 / 3")


def label_everything(page: Page, address: str) -> dict[str, np.ndarray]:
    """Label the three images; return the masks that should come out, in their order."""
    painters = {name: Painter(*size) for name, size in SIZES.items()}
    log_in_again(page, address)
    editor = Editor(page)
    first, second, third = painters
    page.add_locator_handler(
        page.locator("#findings-dialog[open]"),  # painted by hand, some specks are left
        lambda found: found.get_by_role("button", name="Save ground truth").click(),
    )
    editor.wait_until_open(first)
    begin_first(editor, painters[first])
    page.keyboard.press("Control+s")
    editor.wait_until_saved()
    page.get_by_role("link", name="Home").click()
    log_out(page, "newcomer")
    log_in_again(page, address)
    editor.wait_until_open(first)
    go_on_with_first(editor, painters[first])
    page.keyboard.press("Control+Enter")
    editor.wait_until_open(second)
    pick_superpixels(editor, painters[second])
    page.get_by_role("button", name="Save ground truth and next image").click()
    editor.wait_until_open(third)
    for key, value, across in (("1", 1, -20), ("2", 2, 30)):
        page.keyboard.press(key)
        editor.set_diameter(9)
        painters[third].stroke(editor.drag((across, -30), (across + 12, 35)), 9, value)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Thank you for your work.")).to_be_visible()
    return {name: painter.mask for name, painter in painters.items()}


def log_in_again(page: Page, address: str) -> None:
    if page.get_by_role("button", name="Log out").is_visible():
        page.get_by_role("button", name="Log out").click()
    log_in(page, address, "newcomer")
    page.get_by_role("link", name=re.compile("(Start|Continue) labelling")).click()


def begin_first(editor: Editor, painter: Painter) -> None:
    """Brush of three sizes, erase with the right button, undo."""
    page = editor.page
    page.keyboard.press("b")
    page.keyboard.press("1")
    editor.set_diameter(21)
    painter.stroke(editor.drag((-180, -120), (-60, -150), (40, 30)), 21, 1)
    page.keyboard.press("2")
    editor.set_diameter(1)
    painter.stroke(editor.drag((-150, 100), (120, 160)), 1, 2)
    painter.stroke(editor.drag((10, -200)), 1, 2)
    editor.set_diameter(7)
    painter.stroke(editor.drag((-120, -160), (-40, -90), button="right"), 7, 0)
    page.keyboard.press("3")
    painter.stroke(editor.drag((100, 100), (150, 10)), 7, 3)
    page.keyboard.press("Control+z")
    painter.undo()


def go_on_with_first(editor: Editor, painter: Painter) -> None:
    """The checkpoint is there; painting goes on upon it."""
    editor.page.keyboard.press("2")
    editor.set_diameter(35)
    painter.stroke(editor.drag((150, -150), (150, 150)), 35, 2)


def pick_superpixels(editor: Editor, painter: Painter) -> None:
    """Segments by click, by drag at one to one, erased by the right button; then another algorithm."""
    page = editor.page
    page.keyboard.press("Shift+Digit0")
    page.keyboard.press("1")
    with page.expect_response(re.compile("/superpixels/slic.png")) as answer:
        page.keyboard.press("w")
    expect(page.locator("body")).to_have_attribute("data-segments", re.compile("[1-9]"))
    slic = answer.value.body()
    for across, down in ((-200, -100), (-150, 60), (30, 120)):
        painter.pick(slic, (0, 0), editor.drag((across, down)), 1)
    page.keyboard.press("2")
    painter.pick(slic, (0, 0), editor.drag(*((x, x // 3) for x in range(100, 180))), 2)
    painter.pick(slic, (0, 0), editor.drag((-150, 60), button="right"), 0)
    page.get_by_label("Algorithm").select_option("felzenszwalb")
    with page.expect_response(re.compile("/superpixels/felzenszwalb.png")) as answer:
        page.get_by_role("button", name="Calculate segments").click()
    segments = int(answer.value.headers["x-segments"])
    expect(page.locator("body")).to_have_attribute("data-segments", str(segments))
    painter.pick(answer.value.body(), (0, 0), editor.drag((0, -60)), 2)
    page.keyboard.press("b")
    page.keyboard.press("1")
    editor.set_diameter(3)
    painter.stroke(editor.drag((-40, 40), (60, -70)), 3, 1)


def export_by_admin_action(page: Page, address: str) -> tuple[dict[str, Image.Image], list[dict]]:
    page.goto(address)
    expect(page.locator(".project-row")).to_contain_text("3 / 3")
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("rowheader", name="Projects").get_by_role("link").click()
    page.get_by_role("row", name=re.compile("Breast nuclei")).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Download masks")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^(Go|Run)")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        masks = {
            name: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist() if name.endswith(".png")
        }
        manifest = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    return masks, manifest
