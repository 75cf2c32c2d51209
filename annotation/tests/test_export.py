"""Masks out: every pixel equals what was saved, the manifest says where it came from, nothing damaged looks whole."""

import csv
import hashlib
import io
import tracemalloc
import uuid
import zipfile

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image as PillowImage

from annotation.assignment import assign
from annotation.export import masks_zip
from annotation.models import Annotation, LabelTile
from annotation.reading import Damaged
from annotation.tests.painting import save_labels
from annotation.tests.stored import DAMAGES, damage
from projects.models import Category, Image, Project
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory

SIZES = [(129, 257), (1, 1), (513, 1100), (600, 512)]  # rows, columns


def add_image(project, rows: int, columns: int, name: str) -> Image:
    position = project.images.count()
    pixels = np.zeros((1, 1, 3), np.uint8)
    return ImageFactory(project=project, position=position, name=name, pixels=pixels, width=columns, height=rows)


def random_labels(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array([0, 1, 2, 3, 255], np.uint8), (rows, columns))


def zipped(*args, **kwargs) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(masks_zip(*args, **kwargs))))


def mask(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read a mask by Pillow, as indices."""
    with PillowImage.open(io.BytesIO(archive.read(name))) as image:
        assert image.mode == "P"
        return np.array(image)


def manifest(archive: zipfile.ZipFile, name: str = "manifest.csv") -> list[dict]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def masks(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith(".png")]


@pytest.fixture
def submit(painter, annotator, membership):
    """Label an image as the annotator: submit(image, labels, kind)."""

    def label(image: Image, labels: np.ndarray, kind: str = "ground_truth") -> Annotation:
        assign(membership)
        annotation = membership.annotations.get(image=image)
        assert save_labels(painter, annotation, labels, kind).status_code == 200
        return annotation

    return label


def test_every_pixel_of_every_mask_is_what_was_saved(project, submit):
    saved = {}
    for number, (rows, columns) in enumerate(SIZES):
        labels = random_labels(rows, columns, seed=number)
        submit(add_image(project, rows, columns, f"field {number}.tif"), labels)
        saved[f"Colon glands/anna/field {number}.png"] = labels
    archive = zipped([project])
    assert archive.namelist() == ["categories.csv", *saved, "manifest.csv"]
    for name, labels in saved.items():
        assert np.array_equal(mask(archive, name), labels)


def test_a_mask_has_the_palette_of_the_project(project, submit):
    submit(add_image(project, 2, 5, "a.png"), np.array([[0, 1, 2, 3, 255]] * 2, np.uint8))
    with PillowImage.open(io.BytesIO(zipped([project]).read("Colon glands/anna/a.png"))) as image:
        colors = np.array(image.convert("RGB"))[0]
    assert colors.tolist() == [[0, 0, 0], [0, 158, 115], [86, 180, 233], [240, 228, 66], [128, 128, 128]]


def test_a_cleared_tile_is_unlabelled_in_the_mask(project, submit):
    image = add_image(project, 600, 700, "a.png")
    submit(image, random_labels(600, 700), "checkpoint")
    labels = np.zeros((600, 700), np.uint8)
    labels[550, 650] = 2
    submit(image, labels)
    assert np.array_equal(mask(zipped([project]), "Colon glands/anna/a.png"), labels)


def test_merged_categories_leave_as_what_they_were_merged_into(project, submit):
    labels = random_labels(40, 50)
    submit(add_image(project, 40, 50, "a.png"), labels)
    tumour, stroma, lumen = Category.objects.order_by("value")
    Category.objects.filter(pk=lumen.pk).update(merged_into=stroma)
    Category.objects.filter(pk=stroma.pk).update(merged_into=tumour)
    archive = zipped([project])
    expected = np.where((labels == 2) | (labels == 3), np.uint8(1), labels)
    assert np.array_equal(mask(archive, "Colon glands/anna/a.png"), expected)
    assert [row["merged_into"] for row in manifest(archive, "categories.csv")] == ["", "1", "1"]


def test_the_manifest_says_where_each_mask_came_from(project, submit):
    image = add_image(project, 129, 257, "a.png")
    Image.objects.update(case="P-7", um_per_px=0.25)
    annotation = submit(image, random_labels(129, 257))
    archive = zipped([project])
    revision = annotation.revisions.get()
    assert manifest(archive) == [
        {
            "project": "Colon glands",
            "project_id": str(project.pk),
            "image": "a.png",
            "case": "P-7",
            "um_per_px": "0.25",
            "member": "anna",
            "state": "submitted",
            "revision": "1",
            "saved_at": revision.saved_at.isoformat(),
            "width": "257",
            "height": "129",
            "upload_sha256": image.upload_sha256,
            "pixels_sha256": image.pixels_sha256,
            "mask": "Colon glands/anna/a.png",
            "mask_sha256": hashlib.sha256(archive.read("Colon glands/anna/a.png")).hexdigest(),
            "cannot_reason": "",
            "cannot_comment": "",
            "active_seconds": "0",
        }
    ]


def test_the_manifest_tells_the_time_of_all_saves_until_the_mask(project, submit):
    image = add_image(project, 12, 12, "a.png")
    annotation = submit(image, np.ones((12, 12), np.uint8))
    aside = submit(add_image(project, 12, 12, "b.png"), np.ones((12, 12), np.uint8))
    Annotation.objects.filter(pk=aside.pk).update(state="cannot_be_labelled", cannot_reason="artefact")
    truth = annotation.revisions.get()
    truth.activity = {"active_ms": 61_400}
    truth.save()
    for number, activity in ((2, {"active_ms": 2_200}), (3, {}), (4, {"active_ms": 9_999_000})):
        truth.pk, truth.number, truth.kind, truth.activity = None, number, "autosave", activity
        truth.idempotency_key = uuid.uuid4()
        truth.save()
    annotation.revisions.filter(number=3).update(kind="ground_truth")
    assert [row["active_seconds"] for row in manifest(zipped([project]))] == ["64", ""]


@pytest.mark.parametrize(
    ("state", "options", "value"),
    [
        ("submitted", {}, 1),
        ("accepted", {}, 1),
        ("returned", {}, None),
        ("returned", {"returned": True}, 1),
        ("returned", {"checkpoints": True}, 2),
        ("returned", {"returned": True, "checkpoints": True}, 2),
        ("in_progress", {}, None),
        ("in_progress", {"returned": True}, None),
        ("in_progress", {"checkpoints": True}, 2),
        ("cannot_be_labelled", {"returned": True, "checkpoints": True}, None),
    ],
)
def test_states_and_choices_decide_which_revision_leaves(project, submit, state, options, value):
    """Revision 1 is a ground truth, 2 a checkpoint, 3 an autosave."""
    image = add_image(project, 4, 4, "a.png")
    for number, kind in enumerate(("ground_truth", "checkpoint", "autosave"), 1):
        annotation = submit(image, np.full((4, 4), number, np.uint8), kind)
        Annotation.objects.filter(pk=annotation.pk).update(state="returned")
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    archive = zipped([project], **options)
    if value is None:
        assert masks(archive) == []
    else:
        assert (mask(archive, "Colon glands/anna/a.png") == value).all()
        assert manifest(archive)[0]["revision"] == str(value)


def test_what_cannot_be_labelled_is_listed_without_a_mask(project, submit):
    annotation = submit(add_image(project, 4, 4, "a.png"), np.ones((4, 4), np.uint8))
    for state in ("cannot_be_labelled", "accepted"):
        Annotation.objects.filter(pk=annotation.pk).update(
            state=state, cannot_reason="artefact", comment="=cmd|'/c calc'!A1"
        )
        archive = zipped([project])
        (row,) = manifest(archive)
        assert masks(archive) == []
        assert (row["mask"], row["mask_sha256"], row["revision"]) == ("", "", "")
        assert (row["state"], row["cannot_reason"], row["cannot_comment"]) == (state, "artefact", "'=cmd|'/c calc'!A1")


def test_unlabelled_images_are_absent(project, submit):
    submit(add_image(project, 4, 4, "a.png"), np.ones((4, 4), np.uint8))
    add_image(project, 4, 4, "b.png")
    assert [row["image"] for row in manifest(zipped([project], checkpoints=True))] == ["a.png"]


def test_the_work_of_removed_members_leaves_too(project, submit, membership):
    submit(add_image(project, 4, 4, "a.png"), np.ones((4, 4), np.uint8))
    membership.removed_at = timezone.now()
    membership.save()
    assert masks(zipped([project])) == ["Colon glands/anna/a.png"]


def test_attack_62_stems_that_collide_and_unsafe_names_leave_apart(project, submit):
    names = ["a.png", "A.tif", "../../etc/passwd.png", "con.png", "é.png", "e\u0301.jpg", "x:y.png"]
    for number, name in enumerate(names):
        submit(add_image(project, 1, 1, name), np.full((1, 1), number % 4, np.uint8))
    archive = zipped([project])
    expected = ["a.png", "A.tif", ".._.._etc_passwd", "_con", "é.png", "é.jpg", "x_y"]
    assert masks(archive) == [f"Colon glands/anna/{name}.png" for name in expected]
    for number, name in enumerate(masks(archive)):
        assert mask(archive, name).item() == number % 4


def test_a_mask_is_called_the_same_whichever_images_are_asked_for(project, submit):
    for name in ("a.png", "a.tif"):
        submit(add_image(project, 1, 1, name), np.ones((1, 1), np.uint8))
    assert masks(zipped([project], Image.objects.filter(name="a.tif"))) == ["Colon glands/anna/a.tif.png"]


def test_several_projects_lie_in_folders_of_their_own(project, submit, creator, annotator, painter):
    submit(add_image(project, 3, 3, "a.png"), np.ones((3, 3), np.uint8))
    other = Project.objects.create(creator=creator, name="=Colon/glands")
    CategoryFactory(project=other, value=1, name="@SUM", color="#ffffff")
    image = add_image(other, 3, 3, "a.png")
    membership = MembershipFactory(project=other, user=annotator)
    assign(membership)
    save_labels(painter, membership.annotations.get(image=image), np.ones((3, 3), np.uint8), "ground_truth")
    archive = zipped([other, project])
    assert masks(archive) == [f"Colon glands-{project.pk}/anna/a.png", f"_=Colon_glands-{other.pk}/anna/a.png"]
    rows = manifest(archive, "categories.csv")
    assert [row["name"] for row in rows] == ["Tumour", "Stroma", "Lumen", "'@SUM"]
    assert {row["project"] for row in manifest(archive)} == {"Colon glands", "'=Colon/glands"}
    assert {row["mask"] for row in manifest(archive)} == set(masks(archive))


@pytest.mark.parametrize("name", ["manifest.csv", "Categories.CSV"])
def test_a_project_called_like_our_files_has_a_folder_of_its_own(project, submit, name):
    submit(add_image(project, 1, 1, "a.png"), np.ones((1, 1), np.uint8))
    Project.objects.filter(pk=project.pk).update(name=name)
    assert masks(zipped(Project.objects.filter(pk=project.pk))) == [f"_{name}/anna/a.png"]


def test_the_same_labels_give_the_same_bytes(project, submit):
    for number, (rows, columns) in enumerate(SIZES[:2]):
        submit(add_image(project, rows, columns, f"{number}.png"), random_labels(rows, columns))
    assert b"".join(masks_zip([project])) == b"".join(masks_zip([project]))


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_tile_stops_the_export_by_name(project, submit, how):
    submit(add_image(project, 4, 4, "a.png"), np.ones((4, 4), np.uint8))
    submit(add_image(project, 600, 4, "b.png"), random_labels(600, 4))
    damage(LabelTile.objects.get(plane=0, row=1), how)
    received = []
    with pytest.raises(Damaged, match=r"plane 0, column 0, row 1\) of b.png"):
        received.extend(masks_zip([project]))
    assert received
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(received)))


def test_a_large_mask_takes_flat_memory(project, submit):
    rows, columns = 8192, 2048
    labels = np.repeat(np.repeat(random_labels(rows // 64, columns // 64), 64, 0), 64, 1)
    submit(add_image(project, rows, columns, "large.png"), labels)
    del labels
    list(masks_zip([project]))
    tracemalloc.start()
    size = sum(len(piece) for piece in masks_zip([project]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 20_000
    assert peak < 8_000_000  # the plane itself is 16.8 MB


def test_queries_grow_with_slices_of_images_and_not_with_images(project, submit, django_assert_max_num_queries):
    for number in range(6):
        submit(add_image(project, 2, 2, f"{number}.png"), np.ones((2, 2), np.uint8))
    with django_assert_max_num_queries(8):
        list(masks_zip([project]))


def test_a_returned_ground_truth_does_not_leave_with_the_checkpoints(project, submit):
    annotation = submit(add_image(project, 4, 4, "a.png"), np.full((4, 4), 1, np.uint8))
    Annotation.objects.filter(pk=annotation.pk).update(state="returned")
    assert masks(zipped([project], checkpoints=True)) == []
    assert len(masks(zipped([project], returned=True))) == 1
