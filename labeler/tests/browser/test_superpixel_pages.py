"""The pages around superpixels: comparing two implementations, choosing what people start with."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotation.imaging.phantom import tissue_phantom
from labeler.tests.browser.people import log_in
from projects.tests.factories import ImageFactory

pytestmark = pytest.mark.usefixtures("warm_worker")


@pytest.fixture
def image(project):
    return ImageFactory(project=project, name="field-1.png", pixels=tissue_phantom(600, 700, seed=2)[0])


def test_two_implementations_are_compared_and_a_wrong_number_is_said(page, live_server, image):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("superpixel_compare", args=[image.pk, "slic"]))
    pictures = page.get_by_role("img", name=re.compile("borders of"))
    expect(pictures).to_have_count(2)
    assert pictures.evaluate_all("all => all.every((one) => one.complete && one.naturalWidth === 512)")
    page.get_by_label("Number of segments").fill("5")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("must be a whole number from 10 to 20,000")).to_be_visible()
    page.get_by_label("Number of segments").fill("200")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Ours", exact=True)).to_be_visible()
    page.get_by_role("link", name="Watershed").click()
    expect(page.get_by_label("Markers")).to_have_value("250")
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_what_people_start_with_is_chosen_on_the_page_of_the_project(page, live_server, image, project, troubles):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("project_edit", args=[project.pk]))
    panel = page.locator("#superpixel-default")
    save = panel.get_by_role("button", name="Save as default")
    expect(save).to_be_disabled()
    panel.get_by_label("Algorithm").select_option("Watershed")
    expect(panel.get_by_label("Number of segments")).to_be_hidden()
    panel.get_by_label("Markers").fill("5")
    save.click()
    expect(panel.get_by_role("alert")).to_have_text("Markers must be a whole number from 10 to 20,000.")
    troubles.clear()
    panel.get_by_label("Markers").fill("400")
    save.click()
    expect(panel.get_by_role("status")).to_have_text("Saved. Images opened from now on start with it.")
    expect(save).to_be_disabled()
    project.refresh_from_db()
    assert (project.superpixel_defaults["algorithm"], project.superpixel_defaults["watershed"]["markers"]) == (
        "watershed",
        400,
    )
    page.reload()
    expect(panel.get_by_label("Markers")).to_have_value("400")
