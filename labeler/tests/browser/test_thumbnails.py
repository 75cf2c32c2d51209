"""Thumbnails that the server is too busy to make at first."""

import re

from playwright.sync_api import expect

from annotation.imaging.phantom import tissue_phantom
from labeler.tests.browser.people import log_in
from projects.tests.factories import ImageFactory


def test_a_thumbnail_that_a_busy_server_refused_is_asked_for_again(page, live_server, project, troubles):
    ImageFactory(project=project, pixels=tissue_phantom(120, 160, seed=1)[0])
    refused = []

    def refuse_once(route):
        if refused:
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=503, json={"error": "busy"}, headers={"Retry-After": "5"})

    page.route(re.compile("/thumbnail"), refuse_once)
    log_in(page, live_server.url, "carla")
    picture = page.locator(".project-row img").first
    expect(picture).to_have_js_property("naturalWidth", 160)
    assert len(refused) == 1
    assert [trouble[:3] for trouble in troubles] == ["503"]
    troubles.clear()
