"""Making and editing a project through its pages: what is wrong is said at its field, and nothing is half done."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD
from projects import services
from projects.models import Project
from projects.tests.factories import ImageFactory, MembershipFactory, ProjectFactory

CATEGORIES = [{"name": "Tumour", "color": "#009E73"}, {"name": "Stroma", "color": "#56B4E9"}]
PROJECT = {"name": "Lung", "description": "", "instructions": "", "categories": CATEGORIES}


def post_json(client, url, data):
    return client.post(url, data if isinstance(data, str) else json.dumps(data), content_type="application/json")


def test_project_is_created_and_says_where_its_images_go(client, creator):
    client.force_login(creator)
    response = post_json(client, reverse("project_new"), PROJECT)
    project = Project.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": project.pk,
        "upload_url": reverse("image_upload", args=[project.pk]),
        "place_url": reverse("images_place", args=[project.pk]),
    }
    assert list(project.categories.values_list("value", "name")) == [(1, "Tumour"), (2, "Stroma")]


def category(**changes):
    return {"categories": [CATEGORIES[0], CATEGORIES[1] | changes]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "COLON  glands "}, "name"),
        ({"description": "x" * 2001}, "description"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({"categories": []}, "categories"),
        ({"categories": "Tumour"}, "categories"),
        ({"categories": [1]}, "categories"),
        ({"categories": [{"name": str(n), "color": "#000000"} for n in range(255)]}, "categories"),
        ({"categories": [CATEGORIES[0] | {"retired": True}]}, "categories"),
        (category(name=""), "categories.1"),
        (category(name="x" * 81), "categories.1"),
        (category(name="TUMOUR"), "categories.1"),
        (category(color="red"), "categories.1"),
        (category(color="#00000"), "categories.1"),
        (category(color="#009E73\n;"), "categories.1"),
        (category(color=None), "categories.1"),
        ({"images": [{"id": 1, "um_per_px": "nan"}]}, "images.0"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(client, creator, project, changes, field):
    client.force_login(creator)
    response = post_json(client, reverse("project_new"), PROJECT | changes)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]
    assert response.json()["errors"][field].endswith(".")
    assert Project.objects.count() == 1


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"name": "\\ud800"}', "[" * 100_000, "\udcff"])
def test_unreadable_body_is_refused_with_a_sentence(client, creator, body):
    client.force_login(creator)
    body = body.encode(errors="surrogateescape")
    response = client.post(reverse("project_new"), body, content_type="application/json")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["form"]


def test_another_person_may_use_the_same_name(client, creator, project):
    other = ProjectFactory().creator
    client.force_login(other)
    assert post_json(client, reverse("project_new"), PROJECT | {"name": project.name}).status_code == 201


RULES = {"label_every_pixel": True, "smallest_region": "1234567.25", "smallest_region_unit": "um2"}


def edited(project, **changes):
    rows = project.categories.values("value", "name", "color")
    return {
        "name": project.name,
        "description": "",
        "instructions": "",
        "categories": list(rows),
        "images": [],
        "fingerprint": services.fingerprint(project),
    } | changes


def test_edit_page_shows_and_saves(client, creator, project):
    image = ImageFactory(project=project)
    client.force_login(creator)
    url = reverse("project_edit", args=[project.pk])
    assert image.name in client.get(url).content.decode()
    data = edited(project, name="Glands", images=[{"id": image.pk, "case": " P1 ", "um_per_px": "0.25"}])
    assert post_json(client, url, data).status_code == 200
    image.refresh_from_db()
    project.refresh_from_db()
    assert (project.name, image.case, image.um_per_px) == ("Glands", "P1", 0.25)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"fingerprint": "stale"}, 409, "form"),
        ({"categories": CATEGORIES[:1]}, 409, "form"),
        ({"name": "Taken"}, 400, "name"),
        ({"images": [{"id": 10**30, "case": "", "um_per_px": ""}]}, 409, "form"),
        ({"images": [{"id": 1, "case": "x" * 81}]}, 400, "images.0"),
        ({"images": [{"id": 1, "um_per_px": 0}]}, 400, "images.0"),
        ({"rules": [1]}, 400, "form"),
        ({"rules": {}}, 400, "smallest_region_unit"),
        ({"rules": RULES | {"smallest_region_unit": "mm"}}, 400, "smallest_region_unit"),
        ({"rules": RULES | {"smallest_region": "many"}}, 400, "smallest_region"),
        ({"rules": RULES | {"smallest_region": 0}}, 400, "smallest_region"),
        ({"rules": RULES | {"smallest_region": "NaN"}}, 400, "smallest_region"),
        ({"rules": RULES | {"smallest_region": [5]}}, 400, "smallest_region"),
        ({"rules": RULES | {"smallest_region": 1e10}}, 400, "smallest_region"),
        ({"images": [{"id": 1, "um_per_px": "Infinity"}]}, 400, "images.0"),
    ],
)
def test_refused_edit_changes_nothing(client, creator, project, changes, status, field):
    ProjectFactory(creator=creator, name="Taken")
    client.force_login(creator)
    data = edited(project, description="changed too") | changes
    response = post_json(client, reverse("project_edit", args=[project.pk]), data)
    assert (response.status_code, list(response.json()["errors"])) == (status, [field])
    project.refresh_from_db()
    assert project.description == ""


def test_rules_of_ground_truths_are_saved_recorded_and_left_alone(client, creator, project):
    client.force_login(creator)
    url = reverse("project_edit", args=[project.pk])
    assert post_json(client, url, edited(project, rules=RULES)).status_code == 200
    project.refresh_from_db()
    assert post_json(client, url, edited(project, name="Glands")).status_code == 200
    project.refresh_from_db()
    assert (project.label_every_pixel, project.smallest_region, project.smallest_region_unit) == (
        True,
        1234567.25,
        "um2",
    )
    page = client.get(url).content.decode()
    assert 'value="1234567.25"' in page
    assert '<option value="um2" selected>' in page
    stale = edited(project) | {"fingerprint": services.fingerprint(project)}
    assert post_json(client, url, edited(project, rules=RULES | {"smallest_region": ""})).status_code == 200
    assert post_json(client, url, stale).status_code == 409
    project.refresh_from_db()
    assert project.smallest_region is None
    events = AuditEvent.objects.filter(action="project changed").exclude(field="name").order_by("pk")
    assert list(events.values_list("field", "old", "new")) == [
        ("label_every_pixel", "False", "True"),
        ("smallest_region", "", "1234567.25"),
        ("smallest_region_unit", "px", "um2"),
        ("smallest_region", "1234567.25", ""),
    ]


def test_edit_page_locks_images_with_labels(client, creator, project, annotator):
    image = ImageFactory(project=project)
    membership = MembershipFactory(project=project, user=annotator)
    membership.annotations.create(image=image, position=0, head=1)
    client.force_login(creator)
    html = client.get(reverse("project_edit", args=[project.pk])).content.decode()
    assert "Labelling has begun" in html
    assert f"Case of {image.name}" not in html


def test_archived_project_is_shown_without_a_way_to_change_it(client, creator, project):
    project.archived_at = timezone.now()
    project.save()
    client.force_login(creator)
    url = reverse("project_edit", args=[project.pk])
    html = client.get(url).content.decode()
    assert "was archived on" in html
    assert "data-upload-url" not in html
    assert post_json(client, url, edited(project)).status_code == 400


def test_wrong_name_stays_in_the_dialog_and_right_one_adds(client, creator, project, annotator):
    client.force_login(creator)
    url = reverse("member_add", args=[project.pk])
    refused = client.post(url, {"person": "nobody"})
    assert refused.status_code == 400
    assert "Check the spelling" in refused.json()["error"]
    assert client.post(url, {"person": "anna"}).status_code == 201
    assert "already" in client.post(url, {"person": "anna@example.org"}).json()["error"]


def test_attack_19_membership_of_another_project_is_not_found(client, creator, project):
    foreign = MembershipFactory()
    client.force_login(creator)
    assert client.post(reverse("member_remove", args=[project.pk, foreign.pk])).status_code == 404


def test_archiving_asks_for_the_password_once_more(client, creator, project):
    client.login(username="carla", password=PASSWORD)
    url = reverse("project_archive", args=[project.pk])
    asked = client.post(url)
    assert asked.status_code == 302
    assert asked.url.startswith(reverse("account_reauthenticate"))
    project.refresh_from_db()
    assert project.archived_at is None
    client.post(asked.url, {"password": "wrong"})
    project.refresh_from_db()
    assert project.archived_at is None
    assert client.post(asked.url, {"password": PASSWORD}).url == reverse("home")
    project.refresh_from_db()
    assert project.archived_at


def test_an_archived_project_is_brought_back_by_its_creator(client, creator, project):
    project.archived_at = timezone.now()
    project.save()
    client.force_login(creator)
    client.post(reverse("project_revive", args=[project.pk]))
    project.refresh_from_db()
    assert project.archived_at is None
    assert AuditEvent.objects.get(action="project brought back").actor == creator
