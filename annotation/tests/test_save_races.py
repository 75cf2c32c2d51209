"""Saves at once, each from a connection of its own: one of two wins, one of five equal ones is made, none is lost."""

import threading

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.test import Client

from annotation import saving
from annotation.assignment import assign
from annotation.models import Annotation
from annotation.tests.painting import PLACE, save_form, send
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

KEY = "7a1f5f8e-7f0c-4f4b-9d3e-0c8a4f7a2c11"


def at_once(user, requests) -> list:
    """Send each request in a thread of its own; a request is a function of a logged-in client."""
    answers, barrier = [], threading.Barrier(len(requests))

    def work(request):
        client = Client()
        client.force_login(user)
        barrier.wait()
        try:
            answers.append(request(client))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def contested(transactional_db):
    project = ProjectFactory()
    CategoryFactory(project=project, value=1)
    CategoryFactory(project=project, value=2)
    ImageFactory(project=project, position=0)
    membership = MembershipFactory(project=project)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def corner() -> list[np.ndarray]:
    """Tiles that fit an image of 128 × 96 px."""
    return [np.pad(np.full((20, 20), value, np.uint8), ((0, 492), (0, 492))) for value in (1, 2)]


def test_of_two_saves_of_one_revision_exactly_one_wins(contested, corner):
    for head in range(8):
        kept = at_once(
            contested.member.user,
            [
                lambda client, tile=tile, head=head: send(client, contested, save_form({PLACE: tile}), head=head)
                for tile in corner
            ],
        )
        assert sorted(answer.status_code for answer in kept) == [200, 412]
        contested.refresh_from_db()
        assert contested.head == contested.revisions.count() == head + 1


def test_one_save_sent_five_times_at_once_is_one_revision(contested, corner):
    form = save_form({PLACE: corner[0]}, "ground_truth")
    png = form.pop("0/0/0").read()
    answers = at_once(
        contested.member.user,
        [
            lambda client: send(
                client, contested, form | {"0/0/0": SimpleUploadedFile("t", png, "image/png")}, head=0, key=KEY
            )
        ]
        * 5,
    )
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.content for answer in answers}) == 1
    assert contested.revisions.count() == 1


def cut_connection() -> None:
    """End this thread's connection to PostgreSQL as a restart of the server does; SQLite has none to be cut."""
    if connection.vendor != "postgresql":
        raise OperationalError("disk I/O error")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize("commits", [False, True], ids=["before its rows are there", "after its rows are there"])
def test_a_connection_that_is_cut_amid_a_save_is_made_anew(contested, corner, monkeypatch, commits):
    commit, cuts = saving.commit, [None]

    def cut_once(*args):
        if not cuts:
            return commit(*args)
        cuts.pop()
        if commits:
            commit(*args)
            cut_connection()
        with transaction.atomic():
            Annotation.objects.update(head=77)
            cut_connection()

    monkeypatch.setattr(saving, "commit", cut_once)
    client = Client()
    client.force_login(contested.member.user)
    answer = send(client, contested, save_form({PLACE: corner[0]}))
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    contested.refresh_from_db()
    assert contested.head == contested.revisions.count() == 1
