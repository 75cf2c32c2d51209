"""The palette guard, where categories are edited: it proposes and never insists."""

from django.urls import reverse
from playwright.sync_api import expect

from labeler.tests.browser.people import log_in


def test_a_colour_of_the_stain_or_of_another_category_is_remarked_on_and_may_stay(page, live_server, project):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("project_edit", args=[project.pk]))
    remarks = page.locator("[data-remark]:visible")
    expect(page.get_by_label("Colour of Lumen")).to_have_value("#f0e442")
    expect(remarks).to_have_count(0)
    page.get_by_label("Colour of Stroma").fill("#cc79a7")
    expect(remarks).to_contain_text("Hard to see on H&E, which has nearly this colour.")
    remarks.get_by_role("button", name="Use #D55E00 instead").click()
    expect(page.get_by_label("Colour of Stroma")).to_have_value("#d55e00")
    expect(page.get_by_label("Colour of Stroma")).to_be_focused()
    expect(remarks).to_have_count(0)
    page.get_by_label("Colour of Tumour").fill(
        "#d05500"
    )  # the row that was changed last is the one that is remarked on
    expect(page.get_by_role("listitem").filter(has=page.get_by_label("Name of Tumour"))).to_contain_text(
        "Hard to tell from Stroma."
    )
    page.get_by_label("Colour of Tumour").fill("#808000")
    expect(remarks).to_contain_text("Hard to tell from Stroma with red–green colour blindness.")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Your changes are saved.")).to_be_visible()
    assert list(project.categories.values_list("color", flat=True)) == ["#808000", "#d55e00", "#f0e442"]


def test_colours_of_retired_categories_are_neither_remarked_on_nor_proposed(page, live_server, project):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("project_edit", args=[project.pk]))
    remarks = page.locator("[data-remark]:visible")
    page.get_by_label("Colour of Lumen").fill("#009e73")
    expect(remarks).to_have_count(1)
    page.get_by_role("button", name="Retire").first.click()
    expect(remarks).to_have_count(0)
    page.get_by_role("button", name="Add category").click()
    expect(page.get_by_label("Colour of the new category")).to_have_value("#f0e442")


def test_a_new_project_starts_with_the_palette_and_goes_on_with_it(page, live_server, creator):
    log_in(page, live_server.url, "carla")
    page.goto(live_server.url + reverse("project_new"))
    colours = page.locator("[data-categories] [data-color]")
    for _ in range(16):
        page.get_by_role("button", name="Add category").click()
    first = ["#009e73", "#f0e442", "#d55e00", "#56b4e9", "#0072b2", "#e69f00", "#000000"]
    values = colours.evaluate_all("all => all.map((one) => one.value)")
    assert values[:7] == first
    assert len(set(values)) == 21  # the palette has 20; then it is chance
    page.get_by_role("button", name="Remove: the new category").last.click()
    expect(page.locator("[data-remark]:visible")).to_have_count(0)
