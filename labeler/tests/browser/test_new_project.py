"""The page of a new project: nothing that was entered is ever lost, and a wrong file stops nobody."""

import re

from playwright.sync_api import expect

from labeler.tests.browser.people import log_in
from projects.models import Image, Project


def choose(page, *paths) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose images").click()
    chooser.value.set_files([str(path) for path in paths])


def test_a_name_taken_and_a_broken_file_lose_nothing(page, live_server, project, shared_data, tmp_path, troubles):
    tissue = shared_data / "histology" / "nucls" / "images"
    for name, source in (("P1_2.png", "nucls_train_1.png"), ("P1_10.png", "nucls_train_2.png")):
        (tmp_path / name).write_bytes((tissue / source).read_bytes())
    (tmp_path / "P2_1.jpg").write_bytes((shared_data / "awkward" / "truncated.jpg").read_bytes())
    log_in(page, live_server.url, "carla")
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill("colon GLANDS")
    page.get_by_label(re.compile("^Description")).fill("Second reading")
    choose(page, tmp_path / "P2_1.jpg", tmp_path / "P1_10.png", tmp_path / "P1_2.png")
    expect(page.locator(".file-name")).to_have_text(["P1_2.png", "P1_10.png", "P2_1.jpg"])
    page.get_by_text("Case and µm/px for many images at once").click()
    page.get_by_label("Case from the file name").fill("{case}_*")
    page.locator("[data-apply-pattern]").click()
    page.get_by_label("µm/px of all").fill("0.25")
    page.locator("[data-apply-um]").click()
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("You have a project of this name already.")).to_be_visible()
    expect(page.get_by_label(re.compile("^Description"))).to_have_value("Second reading")
    expect(page.locator(".file-name")).to_have_count(3)
    page.get_by_label("Name", exact=True).fill("Colon glands, second reading")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("button", name="Continue without it").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    made = Project.objects.get(name="Colon glands, second reading")
    facts = made.images.order_by("position").values_list("position", "name", "case", "um_per_px", "status")
    assert list(facts) == [(0, "P1_2.png", "P1", 0.25, Image.Status.READY), (1, "P1_10.png", "P1", 0.25, "ready")]
    assert [trouble[:3] for trouble in troubles] == ["400", "400"]
    troubles.clear()
