"""`manage.py verify`: whole data pass, and each kind of damage is named with its place."""

import hashlib
import io
import json
import re
from collections import Counter

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from annotation import verification
from annotation.imaging.png import encode_label_tile
from annotation.models import Annotation, HeadTile, LabelTile, Revision
from annotation.reading import blob_name
from annotation.tests.painting import ONES, save_form, save_labels, send
from annotation.tests.stored import damage, read, write
from projects.models import Image
from projects.tests.factories import ImageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(painter, annotation):
    """Three revisions: labels in all four tiles, one tile changed, one cleared."""
    labels = np.ones((600, 700), np.uint8)
    assert save_labels(painter, annotation, labels).status_code == 200
    assert send(painter, annotation, save_form({(0, 0, 0): ONES * 2}, "autosave")).status_code == 200
    assert send(painter, annotation, save_form({(0, 1, 1): None, (1, 1, 1): None})).status_code == 200
    annotation.refresh_from_db()
    return annotation


def damages(project=None) -> list[str]:
    return [str(finding) for finding in verification.findings(Counter(), project)]


def tile_of(number: int) -> LabelTile:
    return LabelTile.objects.filter(revision__number=number, blob__isnull=False).order_by("pk").first()


def test_what_was_saved_passes_and_is_counted(saved, images, tmp_path):
    output, report = io.StringIO(), tmp_path / "report.json"
    call_command("verify", stdout=output, report=report)
    assert "Checked 3 images, 3 annotations, 3 revisions, 9 tiles" in output.getvalue()
    assert "whole and true" in output.getvalue()
    told = json.loads(report.read_text())
    assert told["ok"] is True
    assert told["damages"] == []
    assert told["checked"]["tiles"] == 9


def test_empty_site_passes(db):
    assert damages() == []


def test_orphans_are_counted_and_no_damage(saved):
    storages["labels"].save(f"{saved.image.key}/{'a' * 64}", ContentFile(b"orphan"))
    counts = Counter()
    assert list(verification.findings(counts)) == []
    assert counts["orphans"] == 1


def test_flipped_bit_in_a_tile_is_named_with_its_place_and_the_report_and_exit_code_say_so(saved, tmp_path):
    damage(tile_of(2), "flipped bit")
    output, report = io.StringIO(), tmp_path / "report.json"
    with pytest.raises(CommandError, match="Damages found: 1") as failed:
        call_command("verify", stdout=output, report=report)
    assert failed.value.returncode == 1
    image = saved.image
    place = (
        f"Project “Colon glands” ({image.project_id}), image “field-0.png” ({image.pk}), "
        f"annotation {saved.pk} of anna, revision 2, tile 0/0/0: "
    )
    assert place in output.getvalue()
    [told] = json.loads(report.read_text())["damages"]
    assert (told["revision"], told["tile"]) == (2, "0/0/0")
    assert "is damaged" in told["problem"]


def remove_blob(annotation):
    damage(tile_of(2), "gone")


def truncate_blob(annotation):
    damage(tile_of(2), "truncated")


def point_elsewhere(annotation, data: bytes, **changes) -> None:
    """Let a tile's row refer to a blob of these bytes."""
    digest = hashlib.sha256(data).hexdigest()
    write("labels", blob_name(annotation.image, digest), data)
    LabelTile.objects.filter(pk=tile_of(2).pk).update(blob=digest, **changes)


def blob_that_is_no_tile(annotation):
    point_elsewhere(annotation, b"GIF89a")


def other_blob(annotation):
    png = encode_label_tile(ONES)
    point_elsewhere(annotation, png, size=len(png))


def other_size(annotation):
    LabelTile.objects.filter(pk=tile_of(2).pk).update(size=F("size") + 1)


def category_out_of_use(annotation):
    annotation.image.project.categories.filter(value=2).delete()


def smaller_grid(annotation):
    Image.objects.filter(pk=annotation.image_id).update(grid_width=600)


def fewer_columns(annotation):
    Image.objects.filter(pk=annotation.image_id).update(grid_width=512)


def half_cleared(annotation):
    LabelTile.objects.filter(pk=tile_of(2).pk).update(blob=None)


def lost_tile(annotation):
    HeadTile.objects.filter(tile=tile_of(2)).delete()
    tile_of(2).delete()


def lost_revision(annotation):
    HeadTile.objects.filter(tile__revision__number=2).delete()
    LabelTile.objects.filter(revision__number=2).delete()
    Revision.objects.get(number=2).delete()


def head_too_high(annotation):
    Annotation.objects.filter(pk=annotation.pk).update(head=4)


def head_too_low(annotation):
    Annotation.objects.filter(pk=annotation.pk).update(head=2)


def wrong_parent(annotation):
    Revision.objects.filter(number=2).update(parent=3)


def wrong_digest(annotation):
    Revision.objects.filter(number=2).update(saved_sha256="0" * 64)


def stale_head_tile(annotation):
    HeadTile.objects.filter(plane=0, column=0, row=0).update(tile=LabelTile.objects.earliest("pk"))


def lost_head_tile(annotation):
    HeadTile.objects.filter(plane=0, column=0, row=0).delete()


def head_tile_of_what_was_cleared(annotation):
    tile = LabelTile.objects.get(revision__number=1, plane=0, column=1, row=1)
    HeadTile.objects.create(annotation=annotation, plane=0, column=1, row=1, tile=tile)


def state(value):
    return lambda annotation: Annotation.objects.filter(pk=annotation.pk).update(state=value)


def other_pixels(annotation):
    Image.objects.filter(pk=annotation.image_id).update(pixels_sha256="0" * 64)


def other_dimensions(annotation):
    Image.objects.filter(pk=annotation.image_id).update(width=701)


def lost_image(annotation):
    storages["images"].delete(annotation.image.pixels_name)


def truncated_image(annotation):
    name = annotation.image.pixels_name
    write("images", name, read("images", name)[:-40])


def image_that_is_text(annotation):
    write("images", annotation.image.pixels_name, b"not an image")


DAMAGES = {
    "a blob that is missing": (remove_blob, "revision 2, tile 0/0/0: .* is missing"),
    "a blob that ends early": (truncate_blob, "revision 2, tile 0/0/0: .* is damaged"),
    "a blob that is no tile": (blob_that_is_no_tile, "revision 2, tile 0/0/0: .*must be a PNG"),
    "a blob of other pixels": (other_blob, "revision 2, tile 0/0/0: its row does not describe"),
    "a wrong size": (other_size, "revision 2, tile 0/0/0: its row does not describe"),
    "a value that is no category": (category_out_of_use, "tile 0/0/0: it holds the value 2"),
    "labels outside the image": (smaller_grid, "tile ./1/.: it has labels outside"),
    "a tile outside the image": (fewer_columns, "tile ./1/.: it lies outside"),
    "a tile half cleared": (half_cleared, "revision 2, tile 0/0/0: it is half cleared"),
    "a tile that is gone": (lost_tile, "revision 2: its tiles are not those that were saved"),
    "a revision that is gone": (lost_revision, "revision 2: it is missing"),
    "a head without its revision": (head_too_high, "its head is revision 4, but the last one is 3"),
    "a head that went back": (head_too_low, "its head is revision 2, but the last one is 3"),
    "a parent from the future": (wrong_parent, "revision 2: it says it was made from revision 3"),
    "a wrong digest of a save": (wrong_digest, "revision 2: its tiles are not those that were saved"),
    "a head tile of earlier": (stale_head_tile, "tile 0/0/0: the present tile is not"),
    "a head tile that is gone": (lost_head_tile, "tile 0/0/0: the present tile is not"),
    "a head tile of what was cleared": (head_tile_of_what_was_cleared, "tile 0/1/1: the present tile is not"),
    "waiting with labels": (state("waiting"), "it is waiting, but its last revision is a checkpoint"),
    "submitted without a ground truth": (state("submitted"), "it is submitted, but its last revision is a checkpoint"),
    "accepted without a ground truth": (state("accepted"), "it is accepted, but"),
    "set aside without a reason": (state("cannot_be_labelled"), "it is set aside, but no reason is given"),
    "pixels of another image": (other_pixels, "its stored pixels are not those"),
    "an image of another size": (other_dimensions, "its stored pixels are 700 × 600 px where 701 × 600"),
    "an image that is gone": (lost_image, "its pixels are missing in the store"),
    "an image that ends early": (truncated_image, "its stored pixels cannot be read"),
    "an image that is text": (image_that_is_text, "its stored pixels cannot be read"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named(saved, name):
    make, sentence = DAMAGES[name]
    make(saved)
    found = damages()
    assert found
    assert any(re.search(sentence, line) for line in found), found


def test_one_project_is_checked_alone(saved, project):
    elsewhere = ImageFactory()
    lost_image(Annotation(image=elsewhere))
    assert damages(project) == []
    assert len(damages(elsewhere.project)) == 1
    assert len(damages()) == 1


def test_project_that_does_not_exist_is_one_clear_sentence(db):
    with pytest.raises(CommandError, match="There is no project 77"):
        call_command("verify", project=77)


def test_report_that_cannot_be_written_is_one_clear_sentence(db, tmp_path):
    with pytest.raises(CommandError, match="report cannot be written"):
        call_command("verify", report=tmp_path / "nowhere" / "report.json", stdout=io.StringIO())


def test_row_that_points_nowhere_is_found_in_sqlite(saved):
    if connection.vendor != "sqlite":
        return  # PostgreSQL does not let it happen
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute('UPDATE annotation_headtile SET tile_id = 999999 WHERE plane = 0 AND "column" = 0')
        found = [str(finding) for finding in verification.database_findings()]
        cursor.execute("DELETE FROM annotation_headtile")
    assert any("annotation_headtile points to a row of annotation_labeltile" in line for line in found)


def test_save_in_the_middle_of_a_look_is_no_damage(saved, painter, monkeypatch):
    """The first look sees the rows of before beside those of after; the second one is quiet."""
    real, looks = verification.number_findings, []

    def saved_meanwhile(annotation, revisions, here):
        looks.append(annotation.head)
        if len(looks) == 1:
            send(painter, saved, save_form({(0, 0, 0): ONES}))
        return real(annotation, revisions, here)

    monkeypatch.setattr(verification, "number_findings", saved_meanwhile)
    here = verification.Finding("")
    first = verification.look_at_history(saved.pk, here)
    assert first != []
    looks.clear()
    assert verification.seen_twice(lambda: verification.look_at_history(saved.pk, here)) == []


def test_images_come_a_few_at_a_time(project, monkeypatch):
    ImageFactory.create_batch(5, project=project)
    monkeypatch.setattr(verification, "IMAGES_AT_ONCE", 2)
    assert len(list(verification.one_by_one(verification.images_of(project)))) == 5
