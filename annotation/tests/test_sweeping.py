"""`manage.py sweep`: what nothing refers to goes once it is old; what a save needs stays, whenever it comes."""

import io
import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command

from annotation import saving, sweeping
from annotation.models import LabelTile
from annotation.reading import read_blob, tiles_at
from annotation.sweeping import LooseFile, loose_files
from annotation.tests.painting import ONES, PLACE, save_form, send

pytestmark = [pytest.mark.django_db, pytest.mark.disk]  # files grow old by their time


def path(store: str, name: str) -> Path:
    return Path(storages[store].path(name))


def put(store: str, name: str, *, hours: float = 49) -> LooseFile:
    """A stored file of a few bytes that no row refers to."""
    storages[store].save(name, ContentFile(b"12345"))
    age(path(store, name), hours)
    return LooseFile(store, *name.split("/"))


def age(file: Path, hours: float = 49) -> None:
    then = time.time() - hours * 3600
    os.utime(file, (then, then))


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("sweep", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def loose(annotation):
    """Old files without a row: a blob, a temporary file, those of images that never came to be."""
    key, other = annotation.image.key, "0" * 32
    return [
        put("images", f"{other}/image.png"),
        put("labels", f"{other}/{'d' * 64}"),
        put("labels", f"{key}/.new-abc"),
        put("labels", f"{key}/{'a' * 64}"),
    ]


@pytest.fixture
def saved(painter, annotation):
    """An old blob with a row."""
    assert send(painter, annotation, save_form({PLACE: ONES})).status_code == 200
    name = f"{annotation.image.key}/{LabelTile.objects.get().blob}"
    age(path("labels", name))
    age(path("images", annotation.image.pixels_name))
    return LooseFile("labels", *name.split("/"))


def test_dry_run_counts_and_changes_nothing(loose, saved):
    said = run()
    assert "Can be deleted: 4 files that nothing refers to, 20 bytes." in said
    assert "--delete" in said
    assert set(loose_files()) == set(loose)


def test_what_nothing_refers_to_goes_and_the_rest_stays(loose, saved, annotation):
    assert "Deleted: 4 files that nothing refers to, 20 bytes." in run("--delete")
    assert list(loose_files()) == []
    assert path("labels", saved.name).exists()
    assert path("images", annotation.image.pixels_name).exists()
    assert "Deleted: 0 files" in run("--delete")


def test_young_files_may_belong_to_a_save_that_is_being_made(annotation):
    young = put("labels", f"{annotation.image.key}/{'b' * 64}", hours=47)
    assert "Too young to judge: 1 files, 5 bytes." in run("--delete")
    assert list(loose_files()) == [young]


def test_folders_that_are_not_ours_are_left_alone(annotation):
    storages["labels"].save("lost+found/file", ContentFile(b"1"))
    assert list(loose_files()) == []


def test_stores_that_were_never_used_are_empty(db):
    assert list(loose_files()) == []
    assert list(loose_files(["0" * 32])) == []


def test_file_that_gets_its_row_between_looking_and_deleting_stays(saved):
    assert sweeping.delete_loose("labels", saved.key, [saved]) == set()
    assert path("labels", saved.name).exists()


def test_file_that_is_written_anew_between_looking_and_deleting_stays(annotation):
    file = put("labels", f"{annotation.image.key}/{'c' * 64}", hours=0)
    assert sweeping.delete_loose("labels", file.key, [file]) == set()


def test_temporary_file_that_is_renamed_meanwhile_is_passed_over(annotation):
    gone = LooseFile("labels", annotation.image.key, ".new-gone")
    assert sweeping.facts_of(gone) is None


def test_save_that_counted_on_a_blob_which_was_swept_meanwhile_writes_it_again(painter, annotation, monkeypatch):
    form = save_form({PLACE: ONES})
    blob = saving.hashlib.sha256(form["0/0/0"].read()).hexdigest()
    form["0/0/0"].seek(0)
    orphan = put("labels", f"{annotation.image.key}/{blob}")
    path("labels", orphan.name).write_bytes(form["0/0/0"].read())
    age(path("labels", orphan.name))
    form["0/0/0"].seek(0)
    real = saving.write_blobs

    def swept_afterwards(image, tiles):
        found = real(image, tiles)
        run("--delete")
        return found

    monkeypatch.setattr(saving, "write_blobs", swept_afterwards)
    response = send(painter, annotation, form)
    assert response.status_code == 200, response.content
    [tile] = tiles_at({annotation.pk: 1}, 0)[annotation.pk]
    assert read_blob(annotation.image, tile)
