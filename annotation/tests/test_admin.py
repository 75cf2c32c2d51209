"""Annotations in the admin: creators read those of their own projects, and nobody changes anything."""

import pytest
from django.urls import reverse

from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from annotation.tests.painting import save_form, send

LIST = reverse("admin:annotation_annotation_changelist")


def page(annotation: Annotation) -> str:
    return reverse("admin:annotation_annotation_change", args=[annotation.pk])


@pytest.fixture
def foreign(db):
    return AnnotationFactory(image__name="foreign.png")


def test_a_creator_sees_own_annotations_only(client, creator, work, foreign):
    client.force_login(creator)
    html = client.get(LIST).content.decode()
    assert "field-0.png" in html
    assert "foreign.png" not in html
    assert "foreign.png" not in client.get(LIST, {"q": "foreign"}).content.decode()
    assert client.get(page(work[0])).status_code == 200
    assert client.get(page(foreign)).status_code == 302


def test_an_administrator_sees_all(client, administrator, work, foreign):
    client.force_login(administrator)
    html = client.get(LIST).content.decode()
    assert "field-0.png" in html
    assert "foreign.png" in html


def test_nothing_can_be_changed(client, administrator, work):
    client.force_login(administrator)
    assert client.get(reverse("admin:annotation_annotation_add")).status_code == 403
    assert client.post(page(work[0]), {"state": "accepted"}).status_code == 403
    delete = reverse("admin:annotation_annotation_delete", args=[work[0].pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert Annotation.objects.filter(state="waiting").count() == 3


def test_checkpoints_are_listed_and_autosaves_are_not(painter, creator, annotation):
    for kind in ("autosave", "checkpoint"):
        send(painter, annotation, save_form({(0, 0, 0): None}, kind))
    painter.force_login(creator)
    html = painter.get(page(annotation)).content.decode().casefold()
    assert '<td class="field-number">2</td>' in html
    assert "checkpoint" in html
    assert "autosave" not in html


def test_filters_work_and_foreign_lookups_are_refused(client, creator, work, foreign):
    client.force_login(creator)
    Annotation.objects.filter(pk=work[0].pk).update(state="submitted")
    html = client.get(LIST, {"state__exact": "submitted"}).content.decode()
    assert "field-0.png" in html
    assert "field-1.png" not in html
    assert client.get(LIST, {"image__project__creator__email__startswith": "a"}).status_code in (302, 400)


def test_the_list_takes_as_many_queries_for_many_annotations(client, creator, work, django_assert_max_num_queries):
    client.force_login(creator)
    for _ in range(10):
        AnnotationFactory(image=work[0].image)
    with django_assert_max_num_queries(10):
        client.get(LIST)
