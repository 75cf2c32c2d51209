"""What the benchmark does in the editor: the slider really moves, and the editor really measures it."""

import pytest
from django.conf import settings
from django.urls import reverse

from annotation.assignment import assign
from annotation.benchmarks.parts.granularity import SWITCHES, switches
from annotation.benchmarks.parts.pictures import phantom
from projects.tests.factories import ImageFactory, MembershipFactory


@pytest.fixture
def annotation(project, annotator):
    project.superpixel_defaults = {"algorithm": "slic", "slic": {"n_segments": 400}}
    project.save()
    ImageFactory(project=project, pixels=phantom(256).image)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


def test_every_move_of_the_slider_is_measured_between_the_counts_asked_for(
    page, live_server, client, annotator, annotation
):
    client.force_login(annotator)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto(live_server.url + reverse("editor", args=[annotation.pk]))
    found = switches(page, coarse=50)
    assert found["fine"] == pytest.approx(400, rel=0.05)
    assert found["coarse"] == pytest.approx(50, abs=2)
    assert len(found["durations"]) == SWITCHES
    assert all(0 < duration < 5_000 for duration in found["durations"])
