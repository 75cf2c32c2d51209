"""The save protocol over HTTP: what an accepted save becomes, and the same save sent again."""

import hashlib
import json

import numpy as np
import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from annotation import saving
from annotation.assignment import assign
from annotation.models import Annotation, HeadTile, LabelTile, Revision
from annotation.tests.painting import ONES, PLACE, digest, save_form, save_labels, send, valid
from annotation.tests.stored import DAMAGES, counts, damage, stored
from projects.tests.factories import CategoryFactory, ImageFactory

KEY = "7a1f5f8e-7f0c-4f4b-9d3e-0c8a4f7a2c11"
TWOS = ONES * 2
LEDGER = {
    "active_ms": 900,
    "undone": 1,
    "redone": 0,
    "painted": [
        {"tool": 0, "category": 0, "strokes": 1, "pixels": 40},
        {"tool": 1, "category": 2, "strokes": 3, "pixels": 1200},
    ],
}


def test_a_save_becomes_the_next_revision_with_its_tiles(painter, annotation, annotator, project):
    form = save_form({PLACE: ONES, (0, 1, 1): ONES, (1, 0, 0): ONES}, activity=LEDGER)
    response = send(painter, annotation, form)
    revision = Revision.objects.get()
    assert response.status_code == 200
    assert response["ETag"] == '"1"'
    assert response.json() == {
        "revision": 1,
        "saved_sha256": json.loads(form["save"])["saved_sha256"],
        "saved_at": revision.saved_at.isoformat(),
        "state": "in_progress",
    }
    assert (revision.author, revision.parent, revision.kind) == (annotator, 0, "checkpoint")
    assert revision.activity == LEDGER
    assert revision.instructions_version == project.instructions_version
    annotation.refresh_from_db()
    assert (annotation.head, annotation.state) == (1, "in_progress")
    tiles = revision.tiles.order_by("plane", "column")
    assert [(tile.plane, tile.column, tile.row) for tile in tiles] == [(0, 0, 0), (0, 1, 1), (1, 0, 0)]
    assert {tile.pixels_sha256 for tile in tiles} == {digest(ONES)}
    assert annotation.head_tiles.count() == 3


def test_blobs_lie_under_their_digest_below_the_image_and_equal_ones_once(painter, annotation):
    send(painter, annotation, save_form({PLACE: ONES, (0, 0, 1): ONES}))
    ((name, png),) = stored().items()
    digest = hashlib.sha256(png).hexdigest()
    assert name == f"{annotation.image.key}/{digest}"
    assert set(LabelTile.objects.values_list("blob", "size")) == {(digest, len(png))}


def test_all_category_values_ignore_and_retired_ones_are_accepted(painter, annotation, project):
    CategoryFactory(project=project, value=9, retired_at=timezone.now())
    tile = np.zeros((512, 512), np.uint8)
    tile[0, :6] = [1, 2, 3, 9, 255, 0]
    provenance = np.zeros((512, 512), np.uint8)
    provenance[0, :10] = range(10)
    assert send(painter, annotation, save_form({PLACE: tile, (1, 0, 0): provenance})).status_code == 200


def test_kinds_of_save_move_the_state_and_leave_their_trace(painter, annotation, project):
    assert send(painter, annotation, save_form({PLACE: ONES}, "autosave")).json()["state"] == "in_progress"
    assert not AuditEvent.objects.exists()
    assert send(painter, annotation, save_form({}, "checkpoint")).json()["revision"] == 2
    told = send(painter, annotation, save_form({}, "ground_truth")).json()
    assert (told["revision"], told["state"]) == (3, "submitted")
    assert told["next"] == reverse("label_next", args=[project.pk])
    annotation.refresh_from_db()
    assert (annotation.state, annotation.head) == ("submitted", 3)
    hashes = dict(annotation.revisions.values_list("number", "saved_sha256"))
    assert list(AuditEvent.objects.values_list("action", "actor__username", "role", "old", "new")) == [
        ("checkpoint saved", "anna", "annotator", "1", f"2 sha256:{hashes[2]}"),
        ("ground truth submitted", "anna", "annotator", "2", f"3 sha256:{hashes[3]}"),
    ]


def test_a_returned_annotation_stays_returned_until_it_is_submitted_again(painter, annotation):
    send(painter, annotation, save_form({PLACE: ONES}, "ground_truth"))
    Annotation.objects.filter(pk=annotation.pk).update(state="returned")
    assert send(painter, annotation, save_form({PLACE: TWOS})).json()["state"] == "returned"
    assert send(painter, annotation, save_form({}, "ground_truth")).json()["state"] == "submitted"


def test_what_waits_may_be_saved_although_an_earlier_image_was_returned_meanwhile(painter, work):
    Annotation.objects.filter(pk=work[0].pk).update(state="returned")
    assert send(painter, work[1], valid()).status_code == 200


def test_a_cleared_tile_is_recorded_and_leaves_the_head(painter, annotation):
    send(painter, annotation, save_form({PLACE: ONES, (0, 1, 0): ONES}))
    assert send(painter, annotation, save_form({PLACE: None})).status_code == 200
    cleared = LabelTile.objects.get(revision__number=2)
    assert (cleared.blob, cleared.size, cleared.pixels_sha256) == (None, 0, "")
    assert list(annotation.head_tiles.values_list("column", "tile__revision__number")) == [(1, 1)]


def test_clearing_what_is_empty_already_is_fine(painter, annotation):
    assert send(painter, annotation, save_form({PLACE: None})).status_code == 200
    assert not annotation.head_tiles.exists()


def test_a_stale_save_is_told_who_saved_first(painter, annotation, annotator):
    send(painter, annotation, valid())
    first = Revision.objects.get()
    response = send(painter, annotation, save_form({PLACE: TWOS}), head=0)
    assert response.status_code == 412
    assert response.json() == {
        "error": "Revision 1 was saved meanwhile. Compare it with yours and choose which one to keep.",
        "head": 1,
        "author": "anna",
        "saved_at": first.saved_at.isoformat(),
    }
    assert len(stored()) == 1


def test_the_same_save_sent_again_gets_the_same_answer(painter, annotation):
    answers = [send(painter, annotation, valid(), head=0, key=KEY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Revision.objects.count() == 1


@pytest.mark.parametrize("kind", ["autosave", "checkpoint", "ground_truth"])
def test_the_same_answer_comes_after_the_annotation_was_closed(painter, annotation, kind):
    first = send(painter, annotation, save_form({PLACE: ONES}, kind), head=0, key=KEY)
    if kind != "ground_truth":
        send(painter, annotation, save_form({}, "ground_truth"))
    again = send(painter, annotation, save_form({PLACE: ONES}, kind), head=0, key=KEY)
    assert again.status_code == 200
    assert again.content == first.content


@pytest.mark.parametrize("other", [{PLACE: TWOS}, {PLACE: None}, {PLACE: ONES, (0, 1, 0): ONES}])
def test_a_key_used_for_another_save_is_refused(painter, annotation, other):
    send(painter, annotation, valid(), key=KEY)
    before = counts()
    response = send(painter, annotation, save_form(other), key=KEY)
    assert response.status_code == 422
    assert "key of its own" in response.json()["error"]
    assert counts() == before


def test_a_key_counts_for_its_annotation_only(painter, work):
    send(painter, work[0], save_form({PLACE: ONES}, "ground_truth"), key=KEY)
    assert send(painter, work[1], valid(), key=KEY).json()["revision"] == 1


@pytest.mark.parametrize("how", DAMAGES)
def test_the_same_pixels_saved_again_heal_a_damaged_blob(painter, annotation, how):
    send(painter, annotation, valid())
    whole = damage(LabelTile.objects.get(), how)
    send(painter, annotation, save_form({(0, 1, 1): ONES}))
    assert list(stored().values()) == [whole]


@pytest.mark.parametrize(("failures", "status", "revisions"), [(3, 200, 1), (4, 503, 0)])
def test_a_locked_database_is_tried_again(painter, annotation, monkeypatch, failures, status, revisions):
    write_tiles, left = saving.write_tiles, [None] * failures

    def locked(revision, tiles):
        if left:
            left.pop()
            raise OperationalError("database is locked")
        write_tiles(revision, tiles)

    monkeypatch.setattr(saving, "write_tiles", locked)
    assert send(painter, annotation, valid()).status_code == status
    assert Revision.objects.count() == HeadTile.objects.count() == revisions


def test_an_audit_that_fails_fails_the_save(painter, annotation, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("no more")

    monkeypatch.setattr(saving, "record", fail)
    before = counts()
    assert send(painter, annotation, valid()).status_code == 503
    assert counts() == before
    assert Annotation.objects.get(pk=annotation.pk).head == 0


def test_saving_takes_as_many_queries_for_64_tiles_as_for_one(
    painter, membership, project, django_assert_max_num_queries
):
    image = ImageFactory(project=project, position=0, pixels=np.zeros((1, 1, 3), np.uint8), width=4096, height=4096)
    assign(membership)
    annotation = membership.annotations.get(image=image)
    send(painter, annotation, valid())
    with django_assert_max_num_queries(25):
        few = send(painter, annotation, save_form({PLACE: ONES}), head=1)
    with django_assert_max_num_queries(25):
        many = send(painter, annotation, save_form({(0, n % 8, n // 8): TWOS for n in range(64)}), head=2)
    assert (few.status_code, many.status_code) == (200, 200)


def test_painting_saves_a_whole_array(painter, annotation):
    array = np.zeros((600, 700), np.uint8)
    array[500:530, 400:690] = 2
    assert save_labels(painter, annotation, array).status_code == 200
    assert annotation.head == 1
    assert annotation.head_tiles.filter(plane=0).count() == 4
