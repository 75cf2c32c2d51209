"""What a save may not be: it is refused with which status and sentence, and without a trace."""

import json

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import saving
from annotation.imaging.png import encode_grey
from annotation.models import Annotation
from annotation.tests.painting import ONES, PLACE, save_form, save_labels, saved_sha256, send, tile_entry, valid
from annotation.tests.stored import counts, stored

KEY = "7a1f5f8e-7f0c-4f4b-9d3e-0c8a4f7a2c11"
TWOS = ONES * 2


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


def outside() -> np.ndarray:
    tile = np.zeros((512, 512), np.uint8)
    tile[0, 188] = 1
    return tile


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
def test_attack_48_a_wrong_form_is_refused_and_writes_nothing(painter, annotation, name):
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


def test_attack_45_too_many_parts_and_a_broken_form_get_a_sentence(painter, annotation, settings):
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


def test_attack_25_a_removed_member_can_save_no_more(painter, annotation, membership):
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


@pytest.mark.parametrize("restores", [False, True])
def test_attack_67_a_page_of_somebody_who_was_logged_in_before_saves_nothing(painter, annotation, outsider, restores):
    save_labels(painter, annotation, np.ones((600, 700), np.uint8))
    address = (
        reverse("revision_restore", args=[annotation.pk, 0]) if restores else reverse("revisions", args=[annotation.pk])
    )
    form = {} if restores else save_form({PLACE: ONES * 2})
    headers = {"If-Match": '"1"', "Idempotency-Key": KEY, "Labeler-Person": str(outsider.pk)}
    before = counts()
    response = painter.post(address, form, headers=headers)
    assert (response.status_code, counts()) == (401, before)
    assert response.json()["error"] == "anna is logged in now, but these labels belong to somebody else."
    owner = headers | {"Labeler-Person": str(annotation.member.user_id)}
    again = {} if restores else save_form({PLACE: ONES * 2})  # the files of the first were read
    assert painter.post(address, again, headers=owner).json()["revision"] == 2
