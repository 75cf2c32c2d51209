"""The first view of an image by a person on a day is an event, and without it there are no pixels."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent
from projects.tests.factories import ImageFactory, MembershipFactory


def look(client, image, name="image_pixels"):
    response = client.get(reverse(name, args=[image.pk]))
    if response.status_code == 200:
        b"".join(response.streaming_content)
    return response


def test_the_first_view_of_a_person_is_an_event_and_the_next_are_none(client, project, annotator, creator):
    MembershipFactory(project=project, user=annotator)
    one, two = ImageFactory(project=project), ImageFactory(project=project)
    client.force_login(annotator)
    look(client, one, "image_thumbnail")
    for image in (one, one, two, one):
        look(client, image)
    client.force_login(creator)
    look(client, one)
    assert list(AuditEvent.objects.values_list("action", "actor_name", "role", "object_id", "project")) == [
        ("image viewed", "anna", "annotator", str(one.pk), project.pk),
        ("image viewed", "anna", "annotator", str(two.pk), project.pk),
        ("image viewed", "carla", "creator", str(one.pk), project.pk),
    ]


def test_a_view_on_another_day_is_another_event(client, project, creator, trail_lifted):
    image = ImageFactory(project=project)
    client.force_login(creator)
    look(client, image)
    with trail_lifted():
        event = AuditEvent.objects.get()
        event.at -= timedelta(days=1)
        event.save()
    look(client, image)
    assert AuditEvent.objects.count() == 2


def test_a_view_out_of_the_browsers_cache_counts(client, project, creator):
    image = ImageFactory(project=project)
    client.force_login(creator)
    response = client.get(
        reverse("image_pixels", args=[image.pk]), headers={"If-None-Match": f'"{image.pixels_sha256}"'}
    )
    assert response.status_code == 304
    assert AuditEvent.objects.get().action == "image viewed"


def test_later_views_cost_one_query_and_write_nothing(client, project, creator):
    image = ImageFactory(project=project)
    client.force_login(creator)
    look(client, image)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        look(client, image)
    statements = [query["sql"] for query in queries if "audit" in query["sql"]]
    assert len(statements) == 1
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "BEGIN", "SAVEPOINT"))]


def test_strangers_leave_no_view(client, project, outsider):
    image = ImageFactory(project=project)
    client.force_login(outsider)
    assert look(client, image).status_code == 404
    assert not AuditEvent.objects.exists()


def test_without_its_event_there_are_no_pixels(client, project, creator, break_trail):
    image = ImageFactory(project=project)
    client.force_login(creator)
    break_trail()
    response = look(client, image)
    assert response.status_code == 503
    assert not response.streaming


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_are_one_view(project, creator):
    image = ImageFactory(project=project)
    clients = [Client() for _ in range(6)]
    for client in clients:
        client.force_login(creator)
    statuses = []

    def run(client):
        try:
            statuses.append(look(client, image).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert AuditEvent.objects.filter(action="image viewed").count() == 1
