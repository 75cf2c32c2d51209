"""Who reaches which address of labelling and of masks: one table."""

import uuid

import numpy as np
import pytest
from django.urls import reverse

from annotation import workers
from annotation.tests.painting import label_tile, save_form
from projects.models import Membership
from projects.tests.factories import MembershipFactory

PEOPLE = [
    "anonymous",
    "pending",
    "outsider",
    "irb_staff",
    "other_annotator",
    "annotator",
    "reviewer",
    "creator",
    "administrator",
]
# What each of them gets, in the order of PEOPLE. 302 of anonymous and pending people leads to their entrance.
TABLE = {
    "label_next": [302, 302, 404, 404, 302, 302, 302, 302, 403],
    "editor": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "labels_load": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "revisions": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "revision_save": [302, 302, 404, 404, 404, 200, 403, 403, 403],
    "revision_preview": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "revision_restore": [302, 302, 404, 404, 404, 200, 403, 403, 403],
    "revisions_compare": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "revisions_difference": [302, 302, 404, 404, 404, 200, 200, 200, 200],
    "cannot_label": [302, 302, 404, 404, 404, 200, 403, 403, 403],
    "annotation_return": [302, 302, 404, 404, 404, 403, 302, 302, 302],
    "masks_export": [302, 302, 404, 404, 403, 403, 403, 200, 200],
    "superpixels": [302, 302, 404, 404, 200, 200, 200, 200, 200],
    "superpixel_tree": [302, 302, 404, 404, 200, 200, 200, 200, 200],
    "superpixel_compare": [302, 302, 404, 404, 200, 200, 200, 200, 200],
    "annotation_fit": [302, 302, 404, 404, 404, 422, 403, 403, 403],
}
OF_IMAGES = ("superpixels", "superpixel_tree", "superpixel_compare")
OF_REVISIONS = ("revisions", "revision_preview", "revisions_compare", "revisions_difference")
GETS = ("label_next", "editor", "labels_load", *OF_REVISIONS, *OF_IMAGES)
CONDITIONAL = ("revision_save", "revision_restore")


@pytest.fixture
def other_annotator(project, outsider):
    from accounts.tests.factories import UserFactory

    return MembershipFactory(project=project, user=UserFactory(username="otis", grant=True)).user


@pytest.fixture(autouse=True)
def work_in_this_process(monkeypatch):
    monkeypatch.setattr(workers, "run", lambda function, *args, **how: function(*args))


@pytest.fixture
def reviewer(project):
    return MembershipFactory(project=project, role=Membership.Role.REVIEWER, user__username="rita").user


def address(name: str, annotation, unknown: bool = False) -> str:
    args = {
        "label_next": [annotation.image.project_id],
        "labels_load": [annotation.pk, 0],
        "revision_preview": [annotation.pk, 0],
        "revision_restore": [annotation.pk, 0],
        "revisions_compare": [annotation.pk, 0, 0],
        "revisions_difference": [annotation.pk, 0, 0],
        "masks_export": [],
        **{key: [annotation.image_id, "watershed"] for key in OF_IMAGES},
    }.get(name, [annotation.pk])
    name = "revisions" if name == "revision_save" else name  # one address, by GET and by POST
    return reverse(name, args=[10**6, *args[1:]] if unknown and args else args)


def ask(client, name: str, annotation, unknown: bool = False):
    if name in GETS:
        return client.get(address(name, annotation, unknown))
    form = {
        "revision_save": save_form({(0, 0, 0): None}),
        "revision_restore": {},
        "cannot_label": {"reason": "artefact"},
        "annotation_return": {"comment": "again"},
        "annotation_fit": {"x": 0, "y": 0, "tile": label_tile(np.zeros((512, 512), np.uint8))},
        "masks_export": {"project": 10**6 if unknown else annotation.image.project_id, "checkpoints": "on"},
    }[name]
    headers = {"If-Match": '"0"', "Idempotency-Key": str(uuid.uuid4())} if name in CONDITIONAL else {}
    return client.post(address(name, annotation, unknown), form, headers=headers)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_gets_what_the_table_says(client, request, annotation, person, name):
    request.getfixturevalue("other_annotator")
    if name == "masks_export":
        type(annotation).objects.filter(pk=annotation.pk).update(state="cannot_be_labelled")
    if person != "anonymous":
        client.force_login(request.getfixturevalue(person))
    response = ask(client, name, annotation)
    assert response.status_code == TABLE[name][PEOPLE.index(person)]
    if person == "anonymous":
        assert response.url.startswith(reverse("account_login"))
    if person == "pending":
        assert response.url == reverse("registration")
    if response.streaming:
        b"".join(response.streaming_content)


@pytest.mark.parametrize("name", TABLE)
def test_what_is_hidden_looks_like_what_does_not_exist(client, annotation, outsider, name):
    client.force_login(outsider)
    hidden, unknown = ask(client, name, annotation), ask(client, name, annotation, unknown=True)
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content == unknown.content


@pytest.mark.parametrize("name", TABLE)
def test_other_methods_are_refused(painter, annotation, name):
    wrong = painter.post if name in GETS else painter.get
    if address(name, annotation) == address("revisions", annotation):
        wrong = painter.put
    assert wrong(address(name, annotation)).status_code == 405


def test_a_creator_cannot_save_into_the_work_of_a_member_nor_a_member_into_that_of_another(client, annotation, creator):
    client.force_login(creator)
    response = ask(client, "revision_save", annotation)
    assert response.status_code == 403
    assert "does not allow" in response.json()["error"]
    assert annotation.revisions.count() == 0
