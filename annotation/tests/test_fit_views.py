"""The fit meter: who may ask, what must be painted, what is wrong, and what the answer says."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation import workers
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import get_algorithm
from annotation.imaging.superpixels.fit import CANDIDATES
from annotation.imaging.workers import WorkerBusy, WorkerTimeout
from annotation.tests.painting import label_tile
from projects.tests.factories import ImageFactory

TISSUE, TRUTH = tissue_phantom(600, 700, seed=2)


@pytest.fixture
def images(project):
    return [ImageFactory(project=project, pixels=TISSUE)]


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process; the list tells what was asked of the pool."""
    calls = []

    def run(function, *args, **how):
        calls.append(args[1:2] + tuple(how.items()))
        return function(*args)

    monkeypatch.setattr(workers, "run", run)
    return calls


def painted(x=0, y=0) -> np.ndarray:
    """A tile of the truth with its corner at (x, y), the categories being 1, 2 and 3, and 0 outside the image."""
    tile = np.zeros((512, 512), np.uint8)
    part = 1 + TRUTH[y : y + 512, x : x + 512] % 3
    tile[: part.shape[0], : part.shape[1]] = part
    return tile


def fit(client, annotation, labels=None, **fields):
    form = {"tile": label_tile(painted() if labels is None else labels), "x": 0, "y": 0} | fields
    form = {name: value for name, value in form.items() if value is not None}
    return client.post(reverse("annotation_fit", args=[annotation.pk]), form)


def test_every_setting_is_measured_and_one_is_proposed(painter, annotation, annotator, calls):
    answer = fit(painter, annotation).json()
    assert [each["algorithm"] for each in answer["settings"]] == [name for name, _ in CANDIDATES]
    for each in answer["settings"]:
        assert 0 < each["accuracy"] <= 1
        assert 0 <= each["boundary_recall"] <= 1
        assert each["segments"] > 1
        assert get_algorithm(each["algorithm"]).clean(each["parameters"]) == each["parameters"]
    assert 0 <= answer["best"] < len(answer["settings"])
    assert answer["labelled"] == 512 * 512
    [(window, *how)] = calls
    assert (window.x, window.y, window.width, window.height) == (0, 0, 512, 512)
    assert dict(how) == {"seconds": 10, "owner": annotator.pk, "background": False}


def test_what_nobody_waits_for_is_measured_in_the_background(painter, annotation, calls):
    form = {"tile": label_tile(painted()), "x": 0, "y": 0}
    assert painter.post(reverse("annotation_fit", args=[annotation.pk]) + "?background=1", form).status_code == 200
    assert calls[0][-1] == ("background", True)


def test_a_window_at_the_edge_is_clipped_to_the_image(painter, annotation, calls):
    answer = fit(painter, annotation, painted(400, 300), x=400, y=300).json()
    assert answer["labelled"] == 300 * 300
    assert (calls[0][0].width, calls[0][0].height) == (300, 300)


def test_what_is_to_be_ignored_counts_as_unlabelled(painter, annotation, calls):
    tile = painted()
    tile[:, 256:] = 255
    assert fit(painter, annotation, tile).json()["labelled"] == 512 * 256


def test_a_worker_does_it(painter, annotation):
    assert fit(painter, annotation).status_code == 200


@pytest.mark.parametrize("left", [0, 1, 40])
def test_too_little_is_answered_with_a_sentence_and_not_measured(painter, annotation, calls, left):
    tile = np.zeros((512, 512), np.uint8)
    tile[:left, :left] = 1
    response = fit(painter, annotation, tile)
    assert response.status_code == 422
    assert "pixels are labelled here" in response.json()["error"]
    assert not calls


def test_one_category_is_not_enough(painter, annotation, calls):
    response = fit(painter, annotation, np.ones((512, 512), np.uint8))
    assert (response.status_code, "second one" in response.json()["error"]) == (422, True)
    assert not calls


def a_file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("tile.png", data, "image/png")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"tile": None}, "`tile`: This field is required."),
        ({"tile": "text"}, "`tile`: This field is required."),
        ({"tile": a_file(b"nonsense")}, "A label tile must be a PNG."),
        ({"tile": a_file(b"")}, "empty"),
        ({"x": None}, "`x`: This field is required."),
        ({"x": -1}, "`x`: Ensure this value is greater than or equal to 0."),
        ({"y": "here"}, "`y`: Enter a whole number."),
        ({"x": 700}, "must begin within the image, which has 700 × 600 pixels."),
        ({"y": 600}, "must begin within the image"),
        ({"x": 400}, "labels outside the image"),
        ({"y": 2**40}, "`y`: Ensure this value is less than"),
    ],
)
def test_wrong_requests_are_answered_with_a_sentence(painter, annotation, calls, fields, sentence):
    response = fit(painter, annotation, **fields)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert not calls


def test_attack_19_categories_of_other_projects_are_refused(painter, annotation, calls):
    response = fit(painter, annotation, painted() + 3)
    assert (response.status_code, "not in use here" in response.json()["error"]) == (400, True)


def test_a_long_body_is_refused_before_it_is_read(painter, annotation, calls):
    response = fit(painter, annotation, x="0" * 400_000)
    assert response.status_code == 413
    assert response.json()["error"].endswith("310,000 bytes.")


@pytest.mark.parametrize(
    ("error", "sentence", "retry"), [(WorkerBusy, "busy", "2"), (WorkerTimeout, "took too long", None)]
)
def test_failures_of_the_worker_are_answered_calmly(painter, annotation, monkeypatch, error, sentence, retry):
    def fail(function, *args, **how):
        raise error("inside")

    monkeypatch.setattr(workers, "run", fail)
    response = fit(painter, annotation)
    assert (response.status_code, response.get("Retry-After")) == (503, retry)
    assert sentence in response.json()["error"]


def test_a_forged_form_of_another_site_is_refused(annotation, annotator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(annotator)
    assert fit(client, annotation).status_code == 403
