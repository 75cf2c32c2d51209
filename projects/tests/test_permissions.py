"""Who gets which answer from the addresses of projects: one row an address, one column a person."""

import json

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from projects.tests.factories import MembershipFactory

CAST = ["creator", "other_creator", "reviewer", "annotator", "outsider", "pending", "irb_staff", "administrator", None]
# A pending person and an anonymous one are sent away (302) before any view is asked.
TABLE = {
    ("home", "get"): [200, 200, 200, 200, 200, 302, 200, 200, 302],
    ("project_new", "get"): [200, 200, 403, 403, 403, 302, 403, 200, 302],
    ("project_new", "post"): [400, 400, 403, 403, 403, 302, 403, 400, 302],
    ("project_edit", "get"): [200, 404, 403, 403, 404, 302, 404, 200, 302],
    ("project_edit", "post"): [400, 404, 403, 403, 404, 302, 404, 400, 302],
    ("project_trail", "get"): [200, 404, 403, 403, 404, 302, 404, 200, 302],
    ("superpixel_default", "post"): [400, 404, 403, 403, 404, 302, 404, 400, 302],
    ("member_add", "post"): [400, 404, 403, 403, 404, 302, 404, 400, 302],
    ("member_remove", "post"): [302, 404, 403, 403, 404, 302, 404, 302, 302],
    ("project_archive", "post"): [302, 404, 403, 403, 404, 302, 404, 302, 302],
    ("project_revive", "post"): [302, 404, 403, 403, 404, 302, 404, 302, 302],
}


@pytest.fixture
def other_creator(db):
    return UserFactory(username="oscar", grant__may_create_projects=True)


@pytest.fixture
def reviewer(db):
    return UserFactory(username="rita", grant=True)


@pytest.mark.parametrize("person", CAST)
@pytest.mark.parametrize(("name", "method"), TABLE)
def test_answer(client, request, project, annotator, reviewer, name, method, person):
    membership = MembershipFactory(project=project, user=annotator)
    MembershipFactory(project=project, user=reviewer, role="reviewer")
    if person:
        client.force_login(request.getfixturevalue(person))
    ids = {"home": [], "project_new": [], "member_remove": [project.pk, membership.pk]}.get(name, [project.pk])
    send = getattr(client, method)
    body = {"content_type": "application/json", "data": json.dumps({})} if method == "post" else {}
    response = send(reverse(name, args=ids), **body)
    assert response.status_code == TABLE[name, method][CAST.index(person)]
    if name == "member_remove":
        membership.refresh_from_db()
        assert bool(membership.removed_at) == (person in ("creator", "administrator"))


def test_creator_of_the_project_cannot_be_removed(client, creator, project):
    client.force_login(creator)
    own = project.memberships.get()
    assert client.post(reverse("member_remove", args=[project.pk, own.pk])).status_code == 403
    own.refresh_from_db()
    assert own.removed_at is None


@pytest.mark.parametrize(("name", "method"), [("project_archive", "get"), ("member_add", "get"), ("home", "post")])
def test_other_methods_are_refused(client, creator, project, name, method):
    client.force_login(creator)
    response = getattr(client, method)(reverse(name, args=[] if name == "home" else [project.pk]))
    assert response.status_code == 405


def test_a_creator_whose_right_to_create_has_ended_labels_and_manages_nothing(client, creator, project):
    creator.grants.update(may_create_projects=False)
    client.force_login(creator)
    assert client.get(reverse("project_edit", args=[project.pk])).status_code == 403
    assert client.get(reverse("label_next", args=[project.pk])).status_code == 302


def test_an_administrator_who_is_a_member_keeps_the_rights_of_an_administrator(client, administrator, project):
    MembershipFactory(project=project, user=administrator)
    client.force_login(administrator)
    assert client.get(reverse("project_edit", args=[project.pk])).status_code == 200
