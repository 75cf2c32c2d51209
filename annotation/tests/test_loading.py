"""Labels come back exactly as they were saved, at every revision, or not at all."""

import numpy as np
import pytest
from django.urls import reverse

from annotation.models import LabelTile
from annotation.reading import tiles_at
from annotation.tests.faults import timeout
from annotation.tests.loading import HEIGHT, WIDTH, load, unpack, whole
from annotation.tests.painting import ONES, save_form, save_labels, send
from annotation.tests.stored import DAMAGES, damage


@pytest.fixture
def history(painter, annotation):
    """Six revisions of random labels, among them an empty one; what was saved at each number."""
    rng = np.random.default_rng(7)
    saved = {0: np.zeros((HEIGHT, WIDTH), np.uint8)}
    for number in range(1, 7):
        plane = rng.integers(0, 4, (HEIGHT, WIDTH), np.uint8)
        plane[rng.integers(0, HEIGHT) :] = 0
        saved[number] = plane * np.uint8(number != 4)
        assert save_labels(painter, annotation, saved[number]).status_code == 200
    return saved


def test_nothing_saved_is_an_empty_answer(painter, annotation):
    response = load(painter, annotation)
    assert response["Content-Type"] == "application/octet-stream"
    assert unpack(response) == ({"revision": 0, "plane": 0, "tiles": []}, {})


def test_every_revision_reads_as_it_was_saved(painter, annotation, history):
    for number, plane in history.items():
        response = load(painter, annotation, revision=number)
        assert unpack(response)[0]["revision"] == number
        assert np.array_equal(whole(response), plane)
    assert np.array_equal(whole(load(painter, annotation)), history[6])


def test_provenance_is_a_plane_of_its_own(painter, annotation, history):
    assert np.array_equal(whole(load(painter, annotation, plane=1)), (history[6] > 0).astype(np.uint8))


def test_a_region_is_asked_for_in_tiles(painter, annotation, history):
    for revision in (5, 6):
        _, tiles = unpack(load(painter, annotation, revision=revision, column=1, row=0, columns=1, rows=5))
        assert (1, 0) in tiles
        assert {column for column, _ in tiles} == {1}
    assert unpack(load(painter, annotation, column=9))[1] == {}


def test_answers_are_revalidated_and_cost_nothing_when_unchanged(painter, annotation, history):
    response = load(painter, annotation)
    assert response["ETag"].startswith('"6-0-')
    assert response["Cache-Control"] == "private, no-cache"
    address = reverse("labels_load", args=[annotation.pk, 0])
    again = painter.get(address, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    send(painter, annotation, save_form({(0, 0, 0): None}))
    changed = painter.get(address, headers={"If-None-Match": response["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"].startswith('"7-0-')


def test_a_304_still_asks_for_permission(painter, annotation, history, outsider):
    etag = load(painter, annotation)["ETag"]
    painter.force_login(outsider)
    address = reverse("labels_load", args=[annotation.pk, 0])
    assert painter.get(address, headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ({"revision": 7}, 404, "There is no revision 7; the last one is 6."),
        ({"revision": "x"}, 400, "`revision`"),
        ({"revision": -1}, 400, "`revision`"),
        ({"column": -1}, 400, "`column`"),
        ({"columns": 0}, 400, "`columns`"),
        ({"rows": 10**30}, 400, "`rows`"),
        ({"plane": 2}, 404, "nothing here"),
    ],
)
def test_wrong_questions_get_a_sentence(painter, annotation, history, query, status, sentence):
    response = load(painter, annotation, **query)
    assert response.status_code == status
    assert sentence in response.json()["error"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_tile_is_named_and_never_shown(painter, annotation, how):
    send(painter, annotation, save_form({(0, 1, 0): ONES}))
    damage(LabelTile.objects.get(), how)
    response = load(painter, annotation)
    assert response.status_code == 409
    assert "plane 0, column 1, row 0) of field-0.png" in response.json()["error"]


def test_a_store_that_is_down_is_no_damage(painter, annotation, faulty_stores):
    send(painter, annotation, save_form({(0, 1, 0): ONES}))
    with faulty_stores.at(1, timeout):
        response = load(painter, annotation)
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_loading_the_head_takes_as_many_queries_after_many_revisions(painter, annotation, django_assert_num_queries):
    send(painter, annotation, save_form({(0, 0, 0): ONES, (0, 1, 1): ONES}))
    load(painter, annotation)
    with django_assert_num_queries(6):  # session, person, rights; annotation, membership; head tiles
        load(painter, annotation)
    for number in range(20):
        send(painter, annotation, save_form({(0, number % 2, 0): ONES}))
    with django_assert_num_queries(6):
        load(painter, annotation)


def test_tiles_of_many_annotations_take_two_queries(work, painter, django_assert_num_queries):
    numbers = {}
    for annotation in work:
        send(painter, annotation, save_form({(0, 0, 0): ONES}))
        send(painter, annotation, save_form({(0, 1, 0): ONES}, "ground_truth"))
        numbers[annotation.pk] = 2
    numbers[work[1].pk] = 1
    with django_assert_num_queries(2):
        tiles = tiles_at(numbers, 0)
    assert [len(tiles[annotation.pk]) for annotation in work] == [2, 1, 2]
