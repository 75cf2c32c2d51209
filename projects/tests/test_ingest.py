"""From upload to a place in the order: names, duplicates, limits, tiles, two requests at once."""

import io
import threading

import numpy as np
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image as Picture

from accounts.models import AuditEvent
from annotation.imaging import workers as pool
from annotation.models import Annotation
from annotation.tests.stored import stored
from projects import ingest
from projects.ingest import IngestError, clean_name, ingest_image, place_images, view_source
from projects.models import Image, Membership
from projects.tasks import make_tiles, pixel_tile_name, tile_name
from projects.tests.factories import ImageFactory, MembershipFactory

PIXELS = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)


def encoded(pixels=PIXELS, kind="PNG"):
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def upload(project, name="field.png", data=None, **changes):
    arguments = {"position": 0, "name": "", "case": "", "um_per_px": None, "by": project.creator} | changes
    return ingest_image(project=project, file=SimpleUploadedFile(name, data or encoded()), **arguments)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../settings.py", "settings.py"),
        ("..\\..\\evil.png", "evil.png"),
        ("C:\\x\\slide 7.png", "slide 7.png"),
        ("nul\0byte\n.png", "nulbyte.png"),
        ("\u202egnp.right-to-left.png", "gnp.right-to-left.png"),
        ("e\u0301.png", "\u00e9.png"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("éàü-ñ-粒-\U0001f52c.png", "éàü-ñ-粒-\U0001f52c.png"),
        ("x" * 4000 + ".png", "x" * 251 + ".png"),
        ("x" * 300, "x" * 255),
        ("..", "image"),
        ("folder/", "image"),
    ],
)
def test_attack_41_names_lose_folders_and_what_cannot_be_seen(raw, name):
    assert clean_name(raw) == name


def test_a_name_too_long_to_be_compared_is_refused():
    with pytest.raises(IngestError, match="too long"):
        clean_name("ß" * 250)  # compared as "ss"


def test_an_upload_is_stored_clean_under_a_random_key_and_the_upload_itself_is_not_kept(project):
    image = upload(project, "DOE^JANE.bmp", encoded(kind="BMP"), case="P7", um_per_px=0.25)
    image.refresh_from_db()
    assert (image.name, image.case, image.um_per_px, image.status) == ("DOE^JANE.bmp", "P7", 0.25, "uploaded")
    assert (image.width, image.height, image.grid_width, image.grid_height) == (30, 20, 30, 20)
    with storages["images"].open(image.pixels_name) as file, Picture.open(file) as picture:
        assert (np.asarray(picture) == PIXELS).all()
    assert list(stored("images")) == [Image.objects.get().pixels_name]
    assert "DOE" not in image.pixels_name
    event = AuditEvent.objects.get(action="image uploaded")
    assert (event.object_id, event.actor) == (str(image.pk), project.creator)
    assert "DOE" not in event.new + event.old + event.reason


def test_a_name_taken_is_refused_before_the_file_is_read_whatever_its_case_and_accents(project, monkeypatch):
    upload(project, "Caf\u00e9.png")
    monkeypatch.setattr(ingest.workers, "run", lambda *args, **kwargs: pytest.fail("read"))
    with pytest.raises(IngestError, match="this name already") as error:
        upload(project, "cafe\u0301.PNG", encoded(PIXELS + 1))
    assert error.value.status == 409


def test_a_file_sent_again_because_the_answer_was_lost_is_the_same_image(project, monkeypatch):
    image = upload(project)
    monkeypatch.setattr(ingest.workers, "run", lambda *args, **kwargs: pytest.fail("read"))
    assert upload(project, position=7, case="P-1") == image
    image.refresh_from_db()
    assert (image.position, image.case) == (7, "P-1")
    place_images(project=project, by=project.creator)
    with pytest.raises(IngestError, match="this name already"):
        upload(project)


def test_a_name_taken_meanwhile_is_refused_and_leaves_nothing_stored(project, monkeypatch):
    upload(project)
    monkeypatch.setattr(type(project.images), "filter", lambda self, **kwargs: Image.objects.none())
    with pytest.raises(IngestError, match="this name already"):
        upload(project)
    assert Image.objects.count() == 1
    assert list(stored("images")) == [Image.objects.get().pixels_name]


def test_too_many_bytes_are_refused_unread(project, settings):
    settings.IMAGE_MAX_BYTES = 100
    with pytest.raises(IngestError, match="MB") as error:
        upload(project)
    assert error.value.status == 413


@pytest.mark.parametrize("error", ingest.WORKER_ANSWERS)
def test_every_failure_of_a_worker_has_a_sentence_and_keeps_nothing(project, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(ingest.workers, "run", fail)
    with pytest.raises(IngestError, match=r"\.$") as refusal:
        upload(project)
    assert refusal.value.status in {422, 503}
    assert not Image.objects.exists()
    assert stored("images") == {}


def test_all_failures_of_workers_are_answered():
    assert set(ingest.WORKER_ANSWERS) == set(pool.WorkerError.__subclasses__())


def test_archived_projects_take_no_images(project):
    waiting = upload(project)
    project.archived_at = timezone.now()
    project.save()
    for attempt in (lambda: upload(project, "more.png"), lambda: place_images(project=project, by=project.creator)):
        with pytest.raises(IngestError, match="archived") as error:
            attempt()
        assert error.value.status == 409
    waiting.refresh_from_db()
    assert waiting.status == Image.Status.UPLOADED


def test_images_are_placed_behind_those_there_without_gaps_and_given_to_the_members(project):
    first = ImageFactory(project=project, position=0)
    member = MembershipFactory(project=project)
    removed = MembershipFactory(project=project, removed_at=timezone.now())
    other = ImageFactory(status=Image.Status.UPLOADED)
    late, early = upload(project, "late.png", position=40), upload(project, "early.png", position=7)
    assert place_images(project=project, by=project.creator) == 2
    assert list(project.images.order_by("position").values_list("position", "pk", "status")) == [
        (0, first.pk, "ready"),
        (1, early.pk, "ready"),
        (2, late.pk, "ready"),
    ]
    assert member.annotations.filter(image__in=[early, late]).count() == 2
    assert not Annotation.objects.filter(member=removed).exists()
    assert place_images(project=project, by=project.creator) == 0
    other.refresh_from_db()
    assert other.status == Image.Status.UPLOADED
    assert AuditEvent.objects.get(action="images placed").new == "2"


@pytest.mark.django_db(transaction=True)
def test_two_who_place_at_once_place_each_image_once(project):
    member = MembershipFactory(project=project, role=Membership.Role.ANNOTATOR)
    for position in range(6):
        ImageFactory(project=project, position=position, status=Image.Status.UPLOADED)
    placed, start = [], threading.Barrier(4)

    def place():
        start.wait()
        try:
            placed.append(place_images(project=project, by=project.creator))
        finally:
            connection.close()

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(placed) == [0, 0, 0, 6]
    assert list(project.images.order_by("position").values_list("position", flat=True)) == list(range(6))
    assert member.annotations.count() == 6


def test_a_large_image_is_prepared_by_a_task_and_ready_when_its_tiles_are_there(
    project, django_capture_on_commit_callbacks
):
    image = upload(project, data=encoded(np.zeros((5, 2049, 3), np.uint8)))
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        place_images(project=project, by=project.creator)
    image.refresh_from_db()
    assert image.status == Image.Status.PREPARING
    for callback in callbacks:
        callback()
    image.refresh_from_db()
    assert image.status == Image.Status.READY
    names = tile_name(image, 12, 4, 0), pixel_tile_name(image, 4, 0)
    assert all(storages["cache"].exists(name) for name in names)
    storages["cache"].delete(names[1])
    make_tiles.func(image.pk)
    assert all(storages["cache"].exists(name) for name in names)


def test_the_editor_gets_one_file_up_to_2048_and_tiles_above(project):
    small = ImageFactory(project=project, width=2048, height=1, pixels=np.zeros((1, 2048, 3), np.uint8))
    assert view_source(small) == {"type": "image", "url": f"/images/{small.pk}/pixels.png"}
    large = ImageFactory(project=project, pixels=np.zeros((1, 2049, 3), np.uint8))
    assert view_source(large) == {
        "type": "dzi",
        "width": 2049,
        "height": 1,
        "tileSize": 512,
        "overlap": 0,
        "maxLevel": 12,
        "urlTemplate": f"/images/{large.pk}/tiles/{{level}}/{{column}}_{{row}}.jpg",
    }


def test_an_upload_is_read_in_the_turn_of_the_person_who_sent_it(project, monkeypatch):
    owners, run = [], ingest.workers.run

    def watched(*args, **kwargs):
        owners.append(kwargs["owner"])
        return run(*args, **kwargs)

    monkeypatch.setattr(ingest.workers, "run", watched)
    upload(project)
    assert owners == [project.creator.pk]
