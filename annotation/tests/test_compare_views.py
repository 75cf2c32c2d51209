"""The page that shows our superpixels beside scikit-image's."""

import base64
import io

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image as PillowImage

from accounts.models import AuditEvent
from annotation import workers
from annotation.imaging.compare import OUTLINE
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import ALGORITHMS, segment
from annotation.imaging.workers import WorkerBusy, WorkerTimeout
from projects.tests.factories import ImageFactory, MembershipFactory

TISSUE = tissue_phantom(150, 200, seed=1)[0]


@pytest.fixture
def image(project):
    return ImageFactory(project=project, pixels=TISSUE)


@pytest.fixture
def member_client(client, image, annotator):
    MembershipFactory(project=image.project, user=annotator)
    client.force_login(annotator)
    return client


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process; the list tells for which region and with which values."""
    calls = []

    def run(function, pieces, region, algorithm, values, *, seconds, owner):
        calls.append((region, values, owner))
        return function(pieces, region, algorithm, values)

    monkeypatch.setattr(workers, "run", run)
    return calls


def compare(client, image, algorithm="slic", **query):
    return client.get(reverse("superpixel_compare", args=[image.pk, algorithm]), query)


def picture(result) -> np.ndarray:
    with PillowImage.open(io.BytesIO(base64.b64decode(result["picture"].partition(",")[2]))) as opened:
        return np.array(opened)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_both_divide_the_same_pixels_with_the_same_parameters(member_client, image, calls, algorithm):
    response = compare(member_client, image, algorithm)
    assert response.status_code == 200
    ours, theirs = response.context["results"]
    for result, implementation in ((ours, "numba"), (theirs, "skimage")):
        labels = segment(algorithm, TISSUE, implementation)
        assert result["segments"] == labels.max() + 1
        assert result["milliseconds"] > 0
        assert 0 < result["variation"] <= 100
        drawn = (picture(result) != TISSUE).any(axis=2)
        assert drawn.any()
        assert np.all(picture(result)[drawn] == OUTLINE)
    assert 50 < response.context["overlap"] <= 100
    page = response.content.decode()
    assert f"{ours['segments']:,}" in page
    assert page.count('src="data:image/png;base64,') == 2


def test_a_region_of_a_larger_image_is_its_middle_or_what_was_asked_for(member_client, project, annotator, calls):
    wide = ImageFactory(project=project, position=3, pixels=np.tile(TISSUE, (1, 4, 1)))
    compare(member_client, wide, "watershed", markers=30)
    compare(member_client, wide, "watershed", markers=30, x=700)
    compare(member_client, wide, "watershed", markers=30, x=10, y=20, width=60, height=50)
    places = [(region.x, region.y, region.width, region.height) for region, _, _ in calls]
    assert places == [(144, 0, 512, 150), (700, 0, 100, 150), (10, 20, 60, 50)]
    shares = [max(10, round(30 * width * height / (800 * 150))) for *_, width, height in places]
    assert [values["markers"] for _, values, _ in calls] == shares, "as large as they are in the whole image"
    assert {owner for _, _, owner in calls} == {annotator.pk}


def test_it_starts_with_what_the_project_starts_with(member_client, image, calls):
    image.project.superpixel_defaults = {"algorithm": "slic", "slic": {"n_segments": 33}}
    image.project.save()
    assert 'name="n_segments" value="33"' in compare(member_client, image).content.decode()
    compare(member_client, image, n_segments="")
    assert [values["n_segments"] for _, values, _ in calls] == [33, 1000]


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"n_segments": 5}, "n_segments", "Number of segments must be a whole number from 10 to 20,000."),
        ({"compactness": "nan"}, "compactness", "Compactness must be a number from 1 to 100."),
        ({"space": "rainbow"}, "space", "Colour space must be one of"),
        ({"x": "here"}, "x", "Enter a whole number."),
        ({"x": 200}, "x", "The region must lie within the image, which has 200 × 150 pixels."),
        ({"x": -1}, "x", "The region must lie within the image"),
        ({"y": 100, "height": 51}, "y", "The region must lie within the image"),
        ({"width": 0}, "width", "greater than or equal to 1"),
        ({"width": 513}, "width", "less than or equal to 512"),
        ({"y": "9" * 5000}, "y", "Enter a whole number."),
    ],
)
def test_what_is_wrong_is_said_in_the_form_and_nothing_is_computed(member_client, image, calls, query, field, sentence):
    response = compare(member_client, image, **query)
    assert response.status_code == 200
    assert sentence in response.context["form"].errors[field][0]
    assert sentence in response.content.decode()
    assert "Nothing was computed" in response.content.decode()
    assert not calls


def test_an_unknown_algorithm_has_no_page(member_client, image, calls):
    assert compare(member_client, image, "magic").status_code == 404


@pytest.mark.parametrize(("error", "sentence"), [(WorkerBusy, "busy"), (WorkerTimeout, "took too long")])
def test_failures_of_the_worker_are_said_calmly(member_client, image, monkeypatch, error, sentence):
    def fail(function, *args, **how):
        raise error("inside")

    monkeypatch.setattr(workers, "run", fail)
    response = compare(member_client, image)
    assert response.status_code == 503
    assert sentence in response.content.decode()


def test_pixels_that_cannot_be_read_are_said_calmly(member_client, image, calls):
    storages["images"].delete(image.pixels_name)
    storages["images"].save(image.pixels_name, ContentFile(b"\x89PNG\r\n\x1a\npoison"))
    response = compare(member_client, image)
    assert (response.status_code, "tell the administrator" in response.content.decode()) == (503, True)


def test_whoever_compares_sees_the_image_and_that_is_an_event(member_client, image, calls):
    for _ in range(2):
        assert compare(member_client, image).status_code == 200
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_name, event.object_id) == ("image viewed", "anna", str(image.pk))
