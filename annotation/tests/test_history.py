"""The past of an annotation: listed, compared, and brought back as a new revision by the rules of every save."""

import io

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PillowImage

from accounts.models import AuditEvent
from annotation import history, saving
from annotation.export import masks_zip
from annotation.models import Annotation, HeadTile, LabelTile
from annotation.tests.loading import HEIGHT, WIDTH, load, unpack, whole
from annotation.tests.painting import save_form, save_labels, send, upon
from annotation.tests.stored import damage
from annotation.tests.test_export import mask, zipped

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def restore(client, annotation, number: int, *, head: int | None = None, key: str | None = None):
    annotation.refresh_from_db()
    headers = upon(annotation.head if head is None else head, key)
    return client.post(reverse("revision_restore", args=[annotation.pk, number]), headers=headers)


def compare(client, annotation, first: int, second: int, name: str = "revisions_compare", **query):
    return client.get(reverse(name, args=[annotation.pk, first, second]), query)


@pytest.fixture
def past(painter, annotation) -> dict[int, np.ndarray]:
    """What was saved at each number: all tiles, one of them, another one cleared."""
    rng = np.random.default_rng(5)
    saved = {0: np.zeros((HEIGHT, WIDTH), np.uint8), 1: rng.integers(1, 4, (HEIGHT, WIDTH), np.uint8)}
    saved[2] = saved[1].copy()
    saved[2][:20, :30] = 3
    saved[3] = saved[2].copy()
    saved[3][512:, 512:] = 0
    for number in (1, 2, 3):
        assert save_labels(painter, annotation, saved[number]).status_code == 200
    return saved


def provenance(client, annotation, number: int) -> np.ndarray:
    return whole(load(client, annotation, plane=1, revision=number))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_restored_revision_is_the_head_pixel_by_pixel_in_both_planes(painter, annotation, annotator, past, number):
    response = restore(painter, annotation, number)
    assert response.status_code == 200
    assert (response.json()["revision"], response.json()["state"], response["ETag"]) == (4, "in_progress", '"4"')
    assert np.array_equal(whole(load(painter, annotation)), past[number])
    assert np.array_equal(provenance(painter, annotation, 4), provenance(painter, annotation, number))
    for earlier, labels in past.items():
        assert np.array_equal(whole(load(painter, annotation, revision=earlier)), labels)
    revision = annotation.revisions.get(number=4)
    assert (revision.kind, revision.parent, revision.author) == ("restore", 3, annotator)
    assert revision.sources == [{"annotation": annotation.pk, "revision": number}]


def test_head_tiles_are_those_of_the_restored_revision(painter, annotation, past):
    def head_tiles():
        places = HeadTile.objects.filter(annotation=annotation).order_by("plane", "row", "column")
        return list(places.values_list("plane", "column", "row", "tile__blob", "tile__size", "tile__pixels_sha256"))

    restore(painter, annotation, 0)
    assert head_tiles() == []
    restore(painter, annotation, 1)
    whole_history = history.tiles_of(Annotation.objects.get(pk=annotation.pk), 1)
    assert len(whole_history) == len(head_tiles()) == 8
    for plane, column, row, blob, size, digest in head_tiles():
        tile = whole_history[plane, column, row]
        assert (blob, size, digest) == (tile.blob, tile.size, tile.pixels_sha256)


def test_only_what_differs_is_written(painter, annotation, past):
    restore(painter, annotation, 1)
    changed = LabelTile.objects.filter(revision__number=4, revision__annotation=annotation)
    assert sorted(changed.values_list("plane", "column", "row")) == [(0, 0, 0), (0, 1, 1), (1, 1, 1)]
    restore(painter, annotation, 4)
    assert not LabelTile.objects.filter(revision__number=5).exists()


def test_restoring_is_audited(painter, annotation, annotator, past):
    restore(painter, annotation, 1)
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor, event.old) == ("revision restored", annotator, "3")
    assert event.new == f"4 sha256:{annotation.revisions.get(number=4).saved_sha256}"


def test_restoring_is_conditional_on_the_head(painter, annotation, past):
    response = restore(painter, annotation, 1, head=2)
    assert response.status_code == 412
    assert (response.json()["head"], response.json()["author"]) == (3, "anna")
    assert annotation.revisions.count() == 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 428), ({"If-Match": "3", "Idempotency-Key": KEY}, 400), ({"If-Match": '"3"'}, 400)],
)
def test_restoring_needs_the_headers_of_a_save(painter, annotation, past, headers, status):
    response = painter.post(reverse("revision_restore", args=[annotation.pk, 1]), headers=headers)
    assert response.status_code == status
    assert annotation.revisions.count() == 3


def test_restoring_again_under_the_same_key_is_one_revision(painter, annotation, past):
    answers = [restore(painter, annotation, 1, head=3, key=KEY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    save_labels(painter, annotation, past[2])
    assert restore(painter, annotation, 1, head=3, key=KEY).content == answers[0].content
    assert restore(painter, annotation, 2, head=5, key=KEY).status_code == 422


def test_what_is_not_there_cannot_be_restored(painter, annotation, past):
    response = restore(painter, annotation, 4)
    assert response.status_code == 404
    assert response.json()["error"] == "There is no revision 4; the last one is 3."


@pytest.mark.parametrize("state", ["submitted", "accepted", "cannot_be_labelled"])
def test_a_closed_annotation_stays_as_it_is(painter, annotation, past, state):
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    assert restore(painter, annotation, 1).status_code == 409
    assert annotation.revisions.count() == 3


def test_a_returned_annotation_stays_returned(painter, annotation, past):
    send(painter, annotation, save_form({}, "ground_truth"))
    Annotation.objects.filter(pk=annotation.pk).update(state="returned")
    assert restore(painter, annotation, 1).json()["state"] == "returned"


def test_an_archived_project_takes_no_restored_revision(painter, annotation, past, project):
    project.archived_at = timezone.now()
    project.save()
    assert restore(painter, annotation, 1).status_code == 409


def test_a_damaged_tile_does_not_come_back(painter, annotation, past):
    restore(painter, annotation, 0)
    tile = LabelTile.objects.get(revision__number=1, plane=0, column=0, row=0)
    damage(tile, "truncated")
    response = restore(painter, annotation, 1)
    assert response.status_code == 409
    assert "plane 0, column 0, row 0) of field-0.png" in response.json()["error"]
    assert annotation.revisions.count() == 4


def test_a_restored_revision_leaves_like_a_checkpoint(painter, annotation, past, project):
    restore(painter, annotation, 1)
    assert np.array_equal(mask(zipped([project], checkpoints=True), "Colon glands/anna/field-0.png"), past[1])
    assert b"".join(masks_zip([project])).count(b"field-0") == 0


def test_revisions_are_listed_from_the_newest(painter, annotation, annotator, past):
    restore(painter, annotation, 1)
    answer = painter.get(reverse("revisions", args=[annotation.pk]))
    assert answer["Cache-Control"] == "private, no-store"
    told = answer.json()
    assert told["head"] == 4
    assert [(each["number"], each["kind"], each["tiles_changed"]) for each in told["revisions"]] == [
        (4, "restore", 3),
        (3, "checkpoint", 8),
        (2, "checkpoint", 8),
        (1, "checkpoint", 8),
    ]
    newest = annotation.revisions.get(number=4)
    assert told["revisions"][0] == {
        "number": 4,
        "kind": "restore",
        "author": "anna",
        "saved_at": newest.saved_at.isoformat(),
        "parent": 3,
        "sources": [{"annotation": annotation.pk, "revision": 1}],
        "tiles_changed": 3,
        "area": {"column": 0, "row": 0, "columns": 2, "rows": 2},
        "activity": {},
    }


def test_a_listed_revision_tells_what_area_it_changed_and_how_it_was_made(painter, annotation):
    send(painter, annotation, save_form({}, "checkpoint", activity={"active_ms": 5000}))
    tiles = {(0, 1, 0): np.ones((512, 512), np.uint8)}
    tiles[0, 1, 0][:, 188:] = 0
    send(painter, annotation, save_form(tiles))
    newest, empty = painter.get(reverse("revisions", args=[annotation.pk])).json()["revisions"]
    assert (empty["area"], empty["activity"]) == (None, {"active_ms": 5000})
    assert newest["area"] == {"column": 1, "row": 0, "columns": 1, "rows": 1}


def test_the_list_goes_on_before_a_number(painter, annotation, past, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 2)
    address = reverse("revisions", args=[annotation.pk])
    pages = [painter.get(address, query).json()["revisions"] for query in ({}, {"before": 2}, {"before": 1})]
    assert [[each["number"] for each in page] for page in pages] == [[3, 2], [1], []]
    assert painter.get(address, {"before": "x"}).status_code == 400


def test_listing_takes_as_many_queries_for_many_revisions(painter, annotation, past, django_assert_num_queries):
    address = reverse("revisions", args=[annotation.pk])
    with django_assert_num_queries(6):
        painter.get(address)
    for number in range(5):
        restore(painter, annotation, number)
    with django_assert_num_queries(6):
        painter.get(address)


@pytest.mark.parametrize("first", [0, 1, 2, 3])
@pytest.mark.parametrize("second", [0, 1, 2, 3])
def test_a_comparison_counts_the_pixels_that_differ(painter, annotation, past, first, second):
    differs = past[first] != past[second]
    told = compare(painter, annotation, first, second).json()
    assert (told["first"], told["second"], told["plane"], told["pixels"]) == (first, second, 0, differs.sum())
    counted = {(tile["column"], tile["row"]): tile["pixels"] for tile in told["tiles"]}
    expected = {
        (column, row): int(differs[row * 512 : row * 512 + 512, column * 512 : column * 512 + 512].sum())
        for column in (0, 1)
        for row in (0, 1)
    }
    assert counted == {place: pixels for place, pixels in expected.items() if pixels}
    difference = compare(painter, annotation, first, second, "revisions_difference")
    assert unpack(difference)[0]["first"] == first
    assert np.array_equal(whole(difference), differs.astype(np.uint8))


def test_a_part_and_the_other_plane_can_be_compared(painter, annotation, past):
    told = compare(painter, annotation, 2, 3, plane=1, column=1, row=1).json()
    assert told["tiles"] == [{"column": 1, "row": 1, "pixels": 88 * 188}]
    assert compare(painter, annotation, 2, 3, column=0, columns=1).json()["tiles"] == []


@pytest.mark.parametrize(
    ("numbers", "query", "status"),
    [((1, 4), {}, 404), ((9, 1), {}, 404), ((1, 2), {"plane": 2}, 400), ((1, 2), {"rows": 0}, 400)],
)
def test_wrong_comparisons_get_a_sentence(painter, annotation, past, numbers, query, status):
    for name in ("revisions_compare", "revisions_difference"):
        response = compare(painter, annotation, *numbers, name, **query)
        assert response.status_code == status
        assert response.json()["error"]


def test_comparisons_are_revalidated(painter, annotation, past):
    etags = set()
    for name in ("revisions_compare", "revisions_difference"):
        response = compare(painter, annotation, 1, 3, name)
        assert response["Cache-Control"] == "private, no-cache"
        etags.add(response["ETag"])
        address = reverse(name, args=[annotation.pk, 1, 3])
        assert painter.get(address, headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert len(etags) == 2


def test_a_revision_that_was_thinned_out_cannot_be_asked_for(painter, annotation, past):
    thinned = annotation.revisions.get(number=2)
    LabelTile.objects.filter(revision=thinned).delete()
    thinned.delete()
    assert load(painter, annotation, revision=2).status_code == 404
    assert compare(painter, annotation, 1, 2).status_code == 404
    assert restore(painter, annotation, 2).status_code == 404


def test_access_that_ends_meanwhile_stops_a_restore(painter, annotation, membership, past, monkeypatch):
    def removed(image, tiles):
        membership.removed_at = timezone.now()
        membership.save()
        return []

    monkeypatch.setattr(saving, "write_blobs", removed)
    assert restore(painter, annotation, 1).status_code == 403
    assert annotation.revisions.count() == 3


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("side", [128, 100, 3])
def test_a_preview_shows_every_nth_pixel(painter, annotation, past, monkeypatch, number, side):
    monkeypatch.setattr(history, "PREVIEW_PX", side)
    step = -(-WIDTH // side)
    response = painter.get(reverse("revision_preview", args=[annotation.pk, number]))
    assert response["Content-Type"] == "image/png"
    pixels = np.asarray(PillowImage.open(io.BytesIO(response.content)))
    assert np.array_equal(pixels, past[number][::step, ::step])
    address = reverse("revision_preview", args=[annotation.pk, number])
    assert painter.get(address, headers={"If-None-Match": response["ETag"]}).status_code == 304


def test_there_is_no_preview_of_what_is_not_there_or_damaged(painter, annotation, past):
    assert painter.get(reverse("revision_preview", args=[annotation.pk, 4])).status_code == 404
    damage(LabelTile.objects.get(revision__number=1, plane=0, column=0, row=0), "truncated")
    assert painter.get(reverse("revision_preview", args=[annotation.pk, 1])).status_code == 409
