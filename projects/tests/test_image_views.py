"""Uploads by HTTP with all awkward files, and pixels served to those who may see them."""

import errno
import hashlib
import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Picture

from annotation import workers
from annotation.tests.stored import read, stored, write
from projects import image_views
from projects.models import Image
from projects.tasks import thumbnail_name, tile_name
from projects.tests.factories import ImageFactory, MembershipFactory

AWKWARD = Path(__file__).parents[3] / "shared" / "data" / "awkward"
# What we do where both are defensible.
CHOICES = {
    "gray-16bit.tif": "accept",  # divided by 16, being of 12 bits
    "float32.tif": "reject",  # what is black and what is white is not known
    "photo.webp": "accept",
    "animated.gif": "reject",
    "animated.apng.png": "reject",
    "multipage.tif": "reject",
    "pages-of-two-sizes.tif": "reject",
    "one-pixel.png": "accept",
    "tall-1x6000.png": "accept",
    "bomb-12000x12000-rgb.png": "reject",  # above 100 megapixels
    "bomb-ztxt.png": "reject",  # nobody's picture has 300 MB of text
    "fake.svs": "accept",  # the content counts, not the name
    "png-named.jpg": "accept",
    "jpg-without-extension": "accept",
    "png-and-zip.png": "accept",  # what follows the picture is dropped
}
CANARIES = (
    b"Patient: TEST",
    b"Dr Example",
    b"1970-01-01",
    b"<script",
    b"onerror",
    b"7*7",
    b"GPS\0",
    b"Exif",
    b"PK\3\4",
)


def awkward_files():
    expected = AWKWARD / "expected.json"
    if not expected.exists():
        return [{"file": "awkward files", "expect": "skipped, with the reason, by the fixture"}]
    return [entry for entry in json.loads(expected.read_text()) if entry["kind"] not in {"mask", "archive"}]


def send(client, project, name, data, /, **fields):
    client.force_login(project.creator)
    fields = {"position": 0} | fields | {"file": SimpleUploadedFile(name, data)}
    return client.post(reverse("image_upload", args=[project.pk]), fields)


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def served(client, name, *args):
    return body(client.get(reverse(name, args=args)))


def encoded(pixels, kind="PNG"):
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


PIXELS = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize("entry", awkward_files(), ids=lambda entry: entry["file"])
def test_attack_40_awkward_files_have_their_outcome(client, project, entry, shared_data):
    name, expected = entry["file"], entry["expect"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    response = send(client, project, name, (AWKWARD / name).read_bytes())
    assert time.monotonic() - start < settings.INGEST_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB grown in the server's process"
    if (CHOICES[name] if expected == "either" else expected) == "reject":
        assert 400 <= response.status_code < 500
        assert response.json()["error"].endswith(".")
        assert not Image.objects.exists()
        assert stored("images") == {}
        return
    assert response.status_code == 201, response.content
    image = Image.objects.get()
    pixels = served(client, "image_pixels", image.pk)
    picture = np.asarray(Picture.open(io.BytesIO(pixels)))
    assert picture.shape == (image.height, image.width, 3)
    assert hashlib.sha256(picture.tobytes()).hexdigest() == image.pixels_sha256
    if entry["kind"] == "orientation":
        assert picture.shape == (200, 300, 3)
        assert np.abs(picture[8, 16].astype(int) - (255, 0, 0)).max() < 40
        assert np.abs(picture[8, -8].astype(int) - (0, 0, 255)).max() < 40
    everything = response.content + pixels + served(client, "image_thumbnail", image.pk)
    assert not [canary for canary in CANARIES if canary in everything]


def test_the_table_of_choices_speaks_of_what_is_there(shared_data):
    assert set(CHOICES) == {entry["file"] for entry in awkward_files() if entry["expect"] == "either"}


def test_a_qupath_export_that_pillow_cannot_decode_is_read(client, project, shared_data):
    response = send(client, project, "q.tif", (shared_data / "awkward/real/qupath-export.ome.tif").read_bytes())
    assert response.status_code == 201
    assert (response.json()["width"], response.json()["height"]) == (1445, 1445)
    assert response.json()["report"][-1].startswith("Removed: a description")


def test_attack_41_files_of_odd_names_are_taken_and_shown_harmlessly(client, project, shared_data, tmp_path):
    script = shared_data / "awkward" / "make_awkward.py"
    subprocess.run([sys.executable, script, tmp_path, "--odd-names"], check=True, capture_output=True)
    files = sorted((tmp_path / "odd-names").iterdir())
    assert len(files) > 10
    for position, path in enumerate(files):
        response = send(client, project, path.name, path.read_bytes(), position=position, name=path.name)
        assert response.status_code == 201, (path.name, response.content)
        assert response.headers["Content-Type"] == "application/json"
        image = Image.objects.get(pk=response.json()["id"])
        assert image.name == response.json()["name"]
        assert image.name.isprintable()
        assert image.pixels_name == f"{image.key}/image.png"
        page = client.get(reverse("image_pixels", args=[image.pk]))
        body(page)
        assert not set("<>\r\n;").intersection(page.headers["Content-Disposition"].removeprefix("inline; "))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"position": ""}, "position"),
        ({"position": "-1"}, "greater"),
        ({"um_per_px": "0"}, "above 0"),
        ({"um_per_px": "nan"}, "number"),
        ({"um_per_px": "1e99"}, "below"),
        ({"case": "x" * 81}, "80"),
        ({"case": "a\0b"}, "Null"),
        ({"file": ""}, "No file"),
    ],
)
def test_wrong_fields_beside_the_file_get_a_sentence(client, project, fields, sentence):
    client.force_login(project.creator)
    data = {"position": 0, "file": SimpleUploadedFile("a.png", encoded(PIXELS))} | fields
    response = client.post(reverse("image_upload", args=[project.pk]), data)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert not Image.objects.exists()


def test_what_is_told_beside_the_file_is_kept(client, project):
    response = send(client, project, "a.png", encoded(PIXELS), position=3, case=" P7 ", um_per_px="0.25", name="b.png")
    image = Image.objects.get(pk=response.json()["id"])
    assert (image.name, image.position, image.case, image.um_per_px) == ("b.png", 3, "P7", 0.25)


def test_a_name_used_already_is_a_conflict_and_an_archived_project_takes_nothing(client, project):
    assert send(client, project, "a.png", encoded(PIXELS)).status_code == 201
    assert send(client, project, "A.PNG", encoded(PIXELS + 1)).status_code == 409
    project.archived_at = timezone.now()
    project.save()
    assert send(client, project, "b.png", encoded(PIXELS)).status_code == 409
    assert client.post(reverse("images_place", args=[project.pk])).status_code == 409


def test_an_upload_takes_as_many_queries_as_the_first_one_however_many_images_there_are(client, project):
    client.force_login(project.creator)
    counts = []
    for name in ("a.png", "b.png"):
        with CaptureQueriesContext(connection) as queries:
            data = {"position": 0, "file": SimpleUploadedFile(name, encoded(PIXELS))}
            assert client.post(reverse("image_upload", args=[project.pk]), data).status_code == 201
        counts.append(len(queries))
        ImageFactory.create_batch(5, project=project)
    assert counts[0] == counts[1] < 16


def place(name, image):
    """What the address of a picture names."""
    return [image.pk, 13, 0, 0] if name == "image_tile" else [image.pk]


@pytest.fixture
def wide(project):
    """An image just large enough to be shown as tiles."""
    return ImageFactory(project=project, pixels=np.full((3, 4100, 3), (200, 40, 90), np.uint8))


@pytest.mark.parametrize("name", ["image_pixels", "image_thumbnail", "image_tile"])
def test_a_browser_that_has_the_pixels_gets_304_as_long_as_it_may_see_them(client, annotator, wide, name):
    membership = MembershipFactory(project=wide.project, user=annotator)
    client.force_login(annotator)
    address = reverse(name, args=place(name, wide))
    first = client.get(address)
    body(first)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Content-Type"] == ("image/png" if name == "image_pixels" else "image/jpeg")
    again = {"HTTP_IF_NONE_MATCH": first.headers["ETag"]}
    assert client.get(address, **again).status_code == 304
    other = client.get(address, HTTP_IF_NONE_MATCH='"another"')
    assert (other.status_code, len(body(other)) > 0) == (200, True)
    membership.removed_at = timezone.now()
    membership.save()
    assert client.get(address, **again).status_code == 404


def test_the_thumbnail_and_the_tiles_are_made_again_when_the_cache_was_wiped(client, project, wide):
    client.force_login(project.creator)
    for name, size in (("image_thumbnail", (256, 1)), ("image_tile", (512, 3))):
        with Picture.open(io.BytesIO(served(client, name, *place(name, wide)))) as picture:
            assert picture.size == size
            assert np.abs(np.asarray(picture).astype(int) - (200, 40, 90)).max() < 8


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8\xff", bytes(900)], ids=["empty", "cut off", "zeros"])
def test_the_thumbnail_and_the_tiles_are_made_again_when_they_are_damaged(client, project, wide, damage):
    client.force_login(project.creator)
    names = {"image_thumbnail": thumbnail_name(wide), "image_tile": tile_name(wide, 13, 0, 0)}
    for view, name in names.items():
        whole = served(client, view, *place(view, wide))
        storages["cache"].delete(name)
        storages["cache"].save(name, ContentFile(damage))
        assert served(client, view, *place(view, wide)) == whole


def test_the_thumbnail_and_the_tiles_are_shown_even_if_they_cannot_be_kept(client, project, wide, monkeypatch, caplog):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(storages["cache"]), "_save", fail)
    client.force_login(project.creator)
    for name, size in (("image_thumbnail", (256, 1)), ("image_tile", (512, 3))):
        with Picture.open(io.BytesIO(served(client, name, *place(name, wide)))) as picture:
            assert picture.size == size
    assert caplog.text.count("could not be kept: [Errno 28]") == 2


def test_a_damaged_image_is_answered_calmly(client, project, wide):
    write("images", wide.pixels_name, read("images", wide.pixels_name)[:60])
    client.force_login(project.creator)
    response = client.get(reverse("image_tile", args=[wide.pk, 13, 0, 0]))
    assert response.status_code == 404
    assert "damaged" in response.json()["error"]


def test_pictures_are_made_in_the_turn_of_the_person_who_looks(client, annotator, wide, monkeypatch):
    owners, run = [], image_views.workers.run

    def watched(*args, **kwargs):
        owners.append(kwargs["owner"])
        return run(*args, **kwargs)

    monkeypatch.setattr("annotation.workers.run", watched)
    MembershipFactory(project=wide.project, user=annotator)
    client.force_login(annotator)
    for name in ("image_thumbnail", "image_tile"):
        served(client, name, *place(name, wide))
    assert owners == [annotator.pk] * 2


@pytest.mark.parametrize(("level", "column", "row"), [(14, 0, 0), (13, 9, 0), (13, 0, 1), (0, 1, 0), (10**9, 0, 0)])
def test_tiles_that_do_not_exist_are_not_found(client, project, wide, level, column, row):
    client.force_login(project.creator)
    assert client.get(reverse("image_tile", args=[wide.pk, level, column, row])).status_code == 404


def test_images_shown_as_one_file_have_no_tiles(client, project):
    client.force_login(project.creator)
    assert client.get(reverse("image_tile", args=[ImageFactory(project=project).pk, 0, 0, 0])).status_code == 404


def test_a_busy_server_asks_to_come_back(client, project, wide, monkeypatch):
    def busy(*args, **kwargs):
        raise image_views.WorkerError

    monkeypatch.setattr("annotation.workers.run", busy)
    client.force_login(project.creator)
    response = client.get(reverse("image_thumbnail", args=[wide.pk]))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "ETag" not in response.headers


def test_an_upload_of_8192_squared_becomes_tiles_and_opens(
    client, project, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr("annotation.tasks.maps_of", lambda *args: [])  # superpixels are another matter
    monkeypatch.setattr(workers, "wait_until_ready", lambda: None)
    ramp = np.linspace(0, 255, 8192).astype(np.uint8)
    pixels = np.dstack([np.tile(ramp, (8192, 1)), np.tile(ramp[:, None], 8192), np.full((8192, 8192), 128, np.uint8)])
    response = send(client, project, "large.bmp", encoded(pixels, "BMP"))
    assert response.status_code == 201
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("images_place", args=[project.pk])).json() == {"placed": 1}
    image = Image.objects.get()
    assert image.status == Image.Status.READY
    for level, column, row in [(13, 15, 15), (13, 0, 7), (12, 7, 0), (9, 0, 0), (0, 0, 0)]:
        tile = served(client, "image_tile", image.pk, level, column, row)
        shown = np.asarray(Picture.open(io.BytesIO(tile)))[0, 0].astype(int)
        step = 2 ** (13 - level)
        corner = pixels[row * 512 * step :, column * 512 * step :][:step, :step].reshape(-1, 3).mean(axis=0)
        assert np.abs(shown - corner).max() < 4
