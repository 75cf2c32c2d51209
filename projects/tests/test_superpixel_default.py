"""The superpixels that people start with: chosen by who manages the project, checked, recorded, kept."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from annotation.imaging.superpixels import get_algorithm
from annotation.superpixel_maps import default_setting, setting


def choose(client, project, data):
    body = data if isinstance(data, str) else json.dumps(data)
    return client.post(reverse("superpixel_default", args=[project.pk]), body, content_type="application/json")


def test_it_is_saved_whole_and_recorded_once(client, creator, project):
    client.force_login(creator)
    for _ in range(2):
        response = choose(
            client, project, {"algorithm": "slic", "parameters": {"n_segments": "300", "space": "stains"}}
        )
        assert response.json() == {"saved": True}
    project.refresh_from_db()
    values = get_algorithm("slic").clean({"n_segments": 300, "space": "stains"})
    assert project.superpixel_defaults == {"algorithm": "slic", "slic": values}
    event = AuditEvent.objects.get()
    assert (event.action, event.field, event.old, event.actor) == (
        "project changed",
        "superpixel_defaults",
        "",
        creator,
    )
    assert json.loads(event.new) == project.superpixel_defaults


def test_another_choice_takes_its_place(client, creator, project):
    client.force_login(creator)
    choose(client, project, {"algorithm": "slic", "parameters": {"n_segments": 300}})
    choose(client, project, {"algorithm": "watershed"})
    project.refresh_from_db()
    assert project.superpixel_defaults == {"algorithm": "watershed", "watershed": get_algorithm("watershed").clean({})}
    assert json.loads(AuditEvent.objects.last().old)["algorithm"] == "slic"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "could not be read"),
        ("[]", "could not be read"),
        ('{"algorithm": "\\ud800"}', "could not be read"),
        ("[" * 100_000, "could not be read"),
        ({}, "Name an `algorithm`"),
        ({"algorithm": ["slic"]}, "Name an `algorithm`"),
        ({"algorithm": "slic", "parameters": [1]}, "Name an `algorithm`"),
        ({"algorithm": "magic"}, "There is no algorithm 'magic'"),
        ({"algorithm": "slic", "parameters": {"markers": 5}}, "SLIC has no parameter 'markers'"),
        ({"algorithm": "slic", "parameters": {"n_segments": 5}}, "Number of segments must be a whole number from 10"),
        ({"algorithm": "slic", "parameters": {"n_segments": [300]}}, "Number of segments must be"),
        ({"algorithm": "slic", "parameters": {"sigma": float("nan")}}, "Smoothing must be a number"),
        ({"algorithm": "slic", "parameters": {"space": {"lab": 1}}}, "Colour space must be one of"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_saved(client, creator, project, data, sentence):
    client.force_login(creator)
    response = choose(client, project, data)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    project.refresh_from_db()
    assert project.superpixel_defaults == {}
    assert not AuditEvent.objects.exists()


def test_an_archived_project_refuses(client, creator, project):
    project.archived_at = timezone.now()
    project.save()
    client.force_login(creator)
    response = choose(client, project, {"algorithm": "slic"})
    assert (response.status_code, "archived" in response.json()["error"]) == (400, True)
    project.refresh_from_db()
    assert project.superpixel_defaults == {}


def test_a_stranger_cannot_tell_the_project_from_none_and_a_member_gets_a_sentence(client, project, outsider):
    client.force_login(outsider)
    hidden = choose(client, project, {"algorithm": "slic"})
    project.pk = 10**6
    unknown = choose(client, project, {"algorithm": "slic"})
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content == unknown.content


def test_the_page_shows_what_is_chosen(client, creator, project):
    project.superpixel_defaults = {"algorithm": "watershed", "watershed": {"markers": 777}}
    project.save()
    client.force_login(creator)
    page = client.get(reverse("project_edit", args=[project.pk])).content.decode()
    assert '<option value="watershed" selected>Watershed</option>' in page
    assert 'name="watershed-markers" value="777"' in page
    assert 'name="slic-n_segments" value="1000"' in page
    assert "Save as default" in page
    project.archived_at = timezone.now()
    project.save()
    assert "Save as default" not in client.get(reverse("project_edit", args=[project.pk])).content.decode()


@pytest.mark.parametrize(
    ("defaults", "name", "changed"),
    [
        ({}, "slic", {}),
        ({"algorithm": "watershed", "watershed": {"markers": 99}}, "watershed", {"markers": 99}),
        ({"algorithm": "gone", "gone": {"a": 1}}, "slic", {}),
        ({"algorithm": "slic", "slic": {"n_segments": 300, "gone": 1}}, "slic", {}),
        ({"algorithm": "slic", "slic": {"n_segments": 1}}, "slic", {}),
    ],
)
def test_what_the_registry_knows_no_more_is_passed_over(defaults, name, changed):
    algorithm, values = default_setting(defaults)
    assert (algorithm.name, values) == (name, get_algorithm(name).clean(changed))


def test_each_algorithm_has_a_setting_of_its_own():
    _, values = setting("slic", {"algorithm": "watershed", "watershed": {"markers": 99}})
    assert values == get_algorithm("slic").clean({})
