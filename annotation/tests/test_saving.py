"""The save protocol over HTTP: what is accepted, what is refused with which sentence and without a trace."""

import hashlib
import json
import threading
import uuid

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from annotation import saving
from annotation.assignment import assign
from annotation.imaging.png import encode_grey
from annotation.models import Annotation, HeadTile, LabelTile, Revision
from annotation.tests.painting import digest, save_form, save_labels, saved_sha256, send, tile_entry
from annotation.tests.stored import DAMAGES, damage, stored
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

KEY = "7a1f5f8e-7f0c-4f4b-9d3e-0c8a4f7a2c11"
ONES = np.pad(np.ones((40, 50), np.uint8), ((0, 472), (0, 462)))
TWOS = ONES * 2
PLACE = (0, 0, 0)


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Revision, LabelTile, HeadTile, AuditEvent))


def edited(form: dict, edit) -> dict:
    """The form with its JSON changed by `edit`."""
    body = json.loads(form["save"])
    edit(body)
    return form | {"save": json.dumps(body)}


def with_part(png: bytes, pixels: np.ndarray = ONES) -> dict:
    """A form whose one tile is any bytes."""
    return save_form({PLACE: pixels}) | {"0/0/0": SimpleUploadedFile("tile.png", png, "image/png")}


def with_place(plane, column, row) -> dict:
    """A form whose one tile lies anywhere."""
    entry = tile_entry(0, 0, 0, ONES) | {"plane": plane, "column": column, "row": row}
    form = save_form({PLACE: ONES}, tiles=[entry], saved_sha256=saved_sha256([entry]))
    form[f"{plane}/{column}/{row}"] = form.pop("0/0/0")
    return form


def valid() -> dict:
    return save_form({PLACE: ONES})


def outside() -> np.ndarray:
    tile = np.zeros((512, 512), np.uint8)
    tile[0, 188] = 1
    return tile


LEDGER = {
    "active_ms": 900,
    "undone": 1,
    "redone": 0,
    "painted": [
        {"tool": 0, "category": 0, "strokes": 1, "pixels": 40},
        {"tool": 1, "category": 2, "strokes": 3, "pixels": 1200},
    ],
}


def with_activity(activity) -> dict:
    return save_form({PLACE: ONES}, activity=activity)


def with_painted(**entry) -> dict:
    return with_activity({"painted": [entry]})


BAD_FORMS = {
    "no form at all": (dict, "exactly one field"),
    "no JSON": (lambda: valid() | {"save": "tiles"}, "must be a JSON object"),
    "a JSON list": (lambda: valid() | {"save": "[]"}, "must be a JSON object"),
    "a key twice": (lambda: valid() | {"save": '{"kind": "autosave", "kind": "checkpoint"}'}, "named twice"),
    "deep nesting": (lambda: valid() | {"save": "[" * 100_000}, "must be a JSON object"),
    "two descriptions": (lambda: valid() | {"save": ["{}", "{}"]}, "exactly one field"),
    "an unknown kind": (lambda: save_form({PLACE: ONES}, "correction"), "kind of a save"),
    "a kind that is a list": (lambda: edited(valid(), lambda body: body.update(kind=["checkpoint"])), "kind of a save"),
    "an empty autosave": (lambda: save_form({}, "autosave"), "at least one changed tile"),
    "no tiles": (lambda: edited(valid(), lambda body: body.pop("tiles")), "must be a list"),
    "tiles that are numbers": (lambda: edited(valid(), lambda body: body.update(tiles=[1])), "must be a list"),
    "a wrong digest of the save": (lambda: save_form({PLACE: ONES}, saved_sha256="0" * 64), "`saved_sha256`"),
    "no digest of the save": (lambda: edited(valid(), lambda body: body.pop("saved_sha256")), "`saved_sha256`"),
    "a wrong digest of a tile": (
        lambda: save_form({PLACE: ONES}, tiles=[tile_entry(0, 0, 0, TWOS)]),
        "does not match its `pixels_sha256`",
    ),
    "a column right of the image": (lambda: with_place(0, 2, 0), "outside the image"),
    "a row below the image": (lambda: with_place(0, 0, 2), "outside the image"),
    "a huge column": (lambda: with_place(0, 10**30, 0), "outside the image"),
    "a negative column": (lambda: with_place(0, -1, 0), "outside the image"),
    "plane 2": (lambda: with_place(2, 0, 0), "`plane` is 0"),
    "a plane that is true": (lambda: with_place(True, 0, 0), "whole numbers"),
    "a column that is text": (lambda: with_place(0, "0", 0), "whole numbers"),
    "a row that is 0.5": (lambda: with_place(0, 0, 0.5), "whole numbers"),
    "cleared by a number": (
        lambda: edited(valid(), lambda body: body["tiles"][0].update(cleared=1)),
        "`cleared` true or false",
    ),
    "a tile twice": (lambda: save_form({PLACE: ONES}, tiles=[tile_entry(0, 0, 0, ONES)] * 2), "named twice"),
    "a part that no tile names": (lambda: valid() | {"0/1/0": SimpleUploadedFile("t", b"x")}, "file parts"),
    "a tile without its part": (lambda: {"save": valid()["save"]}, "file parts"),
    "a part twice": (
        lambda: valid() | {"0/0/0": [valid()["0/0/0"], valid()["0/0/0"]]},
        "file parts",
    ),
    "a part of a cleared tile": (
        lambda: save_form({PLACE: None}) | {"0/0/0": valid()["0/0/0"]},
        "file parts",
    ),
    "a value that is no category": (lambda: save_form({PLACE: ONES * 4}), "value 4"),
    "a provenance of 10": (lambda: save_form({(1, 0, 0): ONES * 10}), "value 10"),
    "labels outside the image": (lambda: save_form({(0, 1, 0): outside()}), "outside the image"),
    "bytes that are no PNG": (lambda: with_part(b"GIF89a"), "must be a PNG"),
    "an empty part": (lambda: with_part(b""), "must be a PNG"),
    "a tile of 256 px": (lambda: with_part(encode_grey(ONES[:256, :256].copy())), "512 × 512"),
    "a 16-bit tile": (lambda: with_part(encode_grey(ONES.astype(np.uint16))), "8-bit grey"),
    "activity that is a list": (lambda: with_activity([]), "`activity` must be an object"),
    "activity that is null": (lambda: with_activity(None), "`activity` must be an object"),
    "activity about something else": (lambda: with_activity({"active_ms": 1, "mood": 1}), "each of them optional"),
    "NUL in activity": (lambda: with_activity({"\0": 1}), "`activity`"),
    "infinite activity": (
        lambda: valid() | {"save": valid()["save"].replace('"activity": {}', '"activity": {"active_ms": 1e999}')},
        "active_ms must be a whole number",
    ),
    "negative activity": (lambda: with_activity({"active_ms": -1}), "active_ms must be a whole number"),
    "activity of half a millisecond": (lambda: with_activity({"active_ms": 0.5}), "active_ms must be a whole number"),
    "activity of two months": (lambda: with_activity({"active_ms": 62 * 86_400_000}), "0 to 2,678,400,000"),
    "undone that is true": (lambda: with_activity({"undone": True}), "undone must be a whole number"),
    "painted that is an object": (lambda: with_activity({"painted": {}}), "painted must be a list"),
    "a tool without its pixels": (lambda: with_painted(tool=1, category=1, strokes=1), "exactly tool"),
    "a tool 10": (lambda: with_painted(tool=10, category=1, strokes=1, pixels=1), "tool (0 to 9)"),
    "a category 256": (lambda: with_painted(tool=1, category=256, strokes=1, pixels=1), "category (0 to 255)"),
    "pixels as text": (lambda: with_painted(tool=1, category=1, strokes=1, pixels="1"), "whole numbers"),
    "a tool and its category twice": (
        lambda: with_activity({"painted": [{"tool": 1, "category": 1, "strokes": 1, "pixels": 1}] * 2}),
        "each tool with each category once",
    ),
}
BAD_HEADERS = {
    "no If-Match": ({"Idempotency-Key": KEY}, 428, "`If-Match"),
    "a weak If-Match": ({"If-Match": 'W/"0"', "Idempotency-Key": KEY}, 400, "double quotes"),
    "an If-Match without quotes": ({"If-Match": "0", "Idempotency-Key": KEY}, 400, "double quotes"),
    "any If-Match": ({"If-Match": "*", "Idempotency-Key": KEY}, 400, "double quotes"),
    "no Idempotency-Key": ({"If-Match": '"0"'}, 400, "Idempotency-Key"),
    "a key that is no uuid": ({"If-Match": '"0"', "Idempotency-Key": "1"}, 400, "Idempotency-Key"),
    "a stale revision": ({"If-Match": '"7"', "Idempotency-Key": KEY}, 412, "saved meanwhile"),
}


def assert_refused(response, status: int, sentence: str, before: tuple[int, ...], annotation: Annotation) -> None:
    assert response.status_code == status
    assert sentence in response.json()["error"]
    assert counts() == before
    unchanged = Annotation.objects.get(pk=annotation.pk)
    assert (unchanged.head, unchanged.state) == (annotation.head, annotation.state)
    assert stored() == {}


@pytest.mark.parametrize("name", BAD_FORMS)
def test_a_wrong_form_is_refused_and_writes_nothing(painter, annotation, name):
    form, sentence = BAD_FORMS[name]
    before = counts()
    assert_refused(send(painter, annotation, form()), 400, sentence, before, annotation)


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_wrong_headers_are_refused_and_write_nothing(painter, annotation, name):
    headers, status, sentence = BAD_HEADERS[name]
    before = counts()
    response = painter.post(reverse("revisions", args=[annotation.pk]), valid(), headers=headers)
    assert_refused(response, status, sentence, before, annotation)


def test_one_bad_tile_among_good_ones_refuses_the_whole_save(painter, annotation):
    before = counts()
    form = save_form({PLACE: ONES, (0, 0, 1): ONES, (1, 0, 0): ONES * 99})
    assert_refused(send(painter, annotation, form), 400, "Tile 1/0/0", before, annotation)


def test_too_many_tiles_are_refused(painter, annotation, monkeypatch):
    monkeypatch.setattr(saving, "MAX_TILES", 1)
    before = counts()
    form = save_form({PLACE: ONES, (0, 0, 1): ONES})
    assert_refused(send(painter, annotation, form), 413, "at most 1 tiles", before, annotation)


def test_too_long_a_body_is_refused_before_it_is_read(painter, annotation, settings):
    settings.SAVE_MAX_BYTES = 500
    before = counts()
    assert_refused(send(painter, annotation, valid()), 413, "at most 500 bytes", before, annotation)


def test_too_many_parts_and_a_broken_form_get_a_sentence(painter, annotation, settings):
    before = counts()
    address = reverse("revisions", args=[annotation.pk])
    headers = {"If-Match": '"0"', "Idempotency-Key": KEY}
    broken = painter.post(address, b"--x\r\n", content_type="multipart/form-data", headers=headers)
    assert_refused(broken, 400, "damaged on the way", before, annotation)
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    form = save_form({PLACE: ONES, (0, 0, 1): ONES})
    assert_refused(send(painter, annotation, form), 413, "too many parts", before, annotation)


def test_a_save_needs_a_csrf_token(annotation, annotator):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(annotator)
    before = counts()
    assert send(strict, annotation, valid()).status_code == 403
    assert counts() == before


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("submitted", "is submitted and cannot be changed"),
        ("accepted", "is accepted and cannot be changed"),
        ("cannot_be_labelled", "is set aside and cannot be changed"),
    ],
)
def test_closed_annotations_take_no_save(painter, annotation, state, sentence):
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    annotation.refresh_from_db()
    before = counts()
    response = send(painter, annotation, valid())
    assert response.status_code == 409
    assert sentence in response.json()["error"]
    assert counts() == before
    assert stored() == {}


def test_only_the_next_image_may_be_begun(painter, work):
    before = counts()
    assert_refused(send(painter, work[1], valid()), 409, "not this image's turn", before, work[1])


def test_an_archived_project_takes_no_save(painter, annotation, project):
    project.archived_at = timezone.now()
    project.save()
    before = counts()
    assert_refused(send(painter, annotation, valid()), 409, "archived", before, annotation)


def test_a_removed_member_can_save_no_more(painter, annotation, membership):
    membership.removed_at = timezone.now()
    membership.save()
    before = counts()
    assert_refused(send(painter, annotation, valid()), 404, "no access", before, annotation)


def test_access_that_ends_while_a_save_is_under_way_stops_it(painter, annotation, membership, monkeypatch):
    def removed(image, tiles):
        membership.removed_at = timezone.now()
        membership.save()
        return []

    monkeypatch.setattr(saving, "write_blobs", removed)
    before = counts()
    assert_refused(send(painter, annotation, valid()), 403, "no longer a member", before, annotation)


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
    assert list(AuditEvent.objects.values_list("action", "actor__username", "old", "new")) == [
        ("checkpoint saved", "anna", "1", "2"),
        ("ground truth submitted", "anna", "2", "3"),
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
                lambda client, tile=tile, head=head: send_to(client, contested.pk, save_form({PLACE: tile}), head)
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
            lambda client: send_to(
                client, contested.pk, form | {"0/0/0": SimpleUploadedFile("t", png, "image/png")}, 0, KEY
            )
        ]
        * 5,
    )
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.content for answer in answers}) == 1
    assert contested.revisions.count() == 1


def send_to(client, pk: int, form: dict, head: int, key: str | None = None):
    headers = {"If-Match": f'"{head}"', "Idempotency-Key": key or str(uuid.uuid4())}
    return client.post(reverse("revisions", args=[pk]), form, headers=headers)


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
    answer = send_to(client, contested.pk, save_form({PLACE: corner[0]}), 0)
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    contested.refresh_from_db()
    assert contested.head == contested.revisions.count() == 1


@pytest.mark.parametrize("restores", [False, True])
def test_a_page_of_somebody_who_is_not_logged_in_any_more_saves_nothing(painter, annotation, outsider, restores):
    save_labels(painter, annotation, np.ones((600, 700), np.uint8))
    address = (
        reverse("revision_restore", args=[annotation.pk, 0]) if restores else reverse("revisions", args=[annotation.pk])
    )
    form = {} if restores else save_form({PLACE: TWOS})
    headers = {"If-Match": '"1"', "Idempotency-Key": KEY, "Labeler-Person": str(outsider.pk)}
    before = counts()
    response = painter.post(address, form, headers=headers)
    assert (response.status_code, counts()) == (401, before)
    assert response.json()["error"] == "anna is logged in now, but these labels belong to somebody else."
    owner = headers | {"Labeler-Person": str(annotation.member.user_id)}
    again = {} if restores else save_form({PLACE: TWOS})  # the files of the first were read
    assert painter.post(address, again, headers=owner).json()["revision"] == 2
