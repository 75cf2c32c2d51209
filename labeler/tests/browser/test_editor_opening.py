"""How the editor opens: all modules at once, those of superpixels when they are wanted, stored labels beforehand."""

import re

import numpy as np
import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from annotation.assignment import assign
from annotation.tests.painting import save_labels
from labeler.modules import needed_by
from labeler.tests.browser.people import wait_until_drawn
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory

MODULE = re.compile(r"/static/(js/.+\.js)$")


@pytest.fixture
def annotation(project, annotator):
    CategoryFactory(project=project, value=77)
    ImageFactory(project=project, pixels=np.full((600, 700, 3), 200, np.uint8))
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def requests(page) -> list[str]:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    return addresses


def open_editor(page, live_server, client, person, annotation) -> None:
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto(live_server.url + reverse("editor", args=[annotation.pk]))
    page.locator("body[data-ready]").wait_for(state="attached")
    expect(page.locator("#cover")).to_be_hidden()


def test_only_named_modules_are_fetched_until_superpixels_are_wanted(
    page, live_server, client, annotator, annotation, requests
):
    open_editor(page, live_server, client, annotator, annotation)
    named = set(needed_by("js/pages/editor.js")) | {"js/theme.js"}
    fetched = {match[1] for url in requests if (match := MODULE.search(url))}
    assert named <= fetched
    workers = {name for name in fetched - named if "worker" in name}
    assert fetched - named == workers
    page.keyboard.press("w")
    expect(page.locator("#main-parameter input").first).to_be_visible()
    assert any(url.endswith("/js/pages/segmenting.js") for url in requests)


def test_stored_labels_are_fetched_once_and_shown(page, live_server, client, annotator, annotation, requests):
    client.force_login(annotator)
    labels = np.zeros((600, 700), np.uint8)
    labels[100:300, 500:640] = 77
    assert save_labels(client, annotation, labels).status_code == 200
    open_editor(page, live_server, client, annotator, annotation)
    assert sum("/labels/" in url for url in requests) == 2
    wait_until_drawn(page)
    alpha = page.evaluate(
        """([x, y]) => {
      const canvas = document.querySelector(".stage-labels");
      const [scale, left, top] = document.querySelector("#stage").dataset.view.split(" ").map(Number);
      const box = canvas.getBoundingClientRect();
      const at = [left - box.left + scale * x, top - box.top + scale * y].map(Math.round);
      return canvas.getContext("2d").getImageData(...at, 1, 1).data[3];
    }""",
        [570, 200],
    )
    assert alpha == 255
