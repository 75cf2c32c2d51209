"""What a project wants clean before a ground truth, and what its labellers say is intended."""

import json

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from annotation import inspecting, workers
from annotation.imaging.inspection import Rules
from annotation.imaging.workers import WorkerBusy
from annotation.models import HeadTile, LabelTile, Revision
from annotation.tests.painting import save_form, save_labels, send
from projects.models import Project

HOLE, SPECK = [0, 300, 200, 9], [2, 650, 590, 4]


@pytest.fixture
def mask():
    """One category over everything but a hole of 9 px and a speck of 4 px between two others."""
    mask = np.ones((600, 700), np.uint8)
    mask[200:203, 300:303] = 0
    mask[590:592, 650:652] = 2
    mask[596:, 640:] = 3
    mask[585:597, 652] = 3
    return mask


def rule(project, **fields):
    Project.objects.filter(pk=project.pk).update(**fields)


def intend(client, annotation, data):
    body = data if isinstance(data, str) else json.dumps(data)
    return client.post(reverse("annotation_intended", args=[annotation.pk]), body, content_type="application/json")


def counts():
    return tuple(model.objects.count() for model in (Revision, LabelTile, HeadTile, AuditEvent))


@pytest.mark.parametrize(
    ("fields", "sentence", "left"),
    [
        ({"label_every_pixel": True}, "yet: 9 pixels in 1 place have no label. Check", (9, 1, 0, 0)),
        ({"smallest_region": 10}, "yet: 1 hole and 1 speck are below 10 px. Check", (0, 0, 1, 1)),
        ({"smallest_region": 4.5}, "yet: 1 speck is below 4.5 px. Check", (0, 0, 0, 1)),
        (
            {"smallest_region": 10, "label_every_pixel": True},
            "yet: 9 pixels in 1 place have no label, and 1 speck is below 10 px. Check",
            (9, 1, 0, 1),
        ),
        (
            {"smallest_region": 2.5, "smallest_region_unit": "um2"},
            "1 hole and 1 speck are below 2.5 µm². C",
            (0, 0, 1, 1),
        ),
    ],
)
def test_a_ground_truth_that_is_not_clean_is_refused_and_nothing_is_written(
    painter, annotation, mask, fields, sentence, left
):
    annotation.image.um_per_px = 0.5
    annotation.image.save()
    rule(annotation.image.project, **fields)
    assert save_labels(painter, annotation, mask).status_code == 200
    before = counts()
    response = save_labels(painter, annotation, mask, "ground_truth")
    assert response.status_code == 422
    assert sentence in response.json()["error"]
    assert tuple(response.json()["left"].values()) == left
    assert counts() == before
    assert (annotation.head, annotation.state) == (1, "in_progress")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"smallest_region": 4},
        {"smallest_region": 1e6, "smallest_region_unit": "um2"},  # the image has no µm/px
    ],
)
def test_what_the_project_does_not_ask_for_may_stay(painter, annotation, mask, fields):
    rule(annotation.image.project, **fields)
    assert save_labels(painter, annotation, mask, "ground_truth").status_code == 200


def test_what_was_saved_before_counts_with_what_is_sent(painter, annotation, mask):
    rule(annotation.image.project, label_every_pixel=True)
    save_labels(painter, annotation, mask)
    assert send(painter, annotation, save_form({}, "ground_truth")).json()["left"]["pixels"] == 9
    tile = np.ones((512, 512), np.uint8)
    assert send(painter, annotation, save_form({(0, 1, 0): None}, "ground_truth")).json()["left"]["unlabelled"] == 2
    assert send(painter, annotation, save_form({(0, 0, 0): tile}, "ground_truth")).status_code == 200
    annotation.refresh_from_db()
    assert annotation.state == "submitted"


def test_the_same_request_is_answered_alike_after_the_rules_changed(painter, annotation, mask):
    form, key = save_form({}, "ground_truth"), "7a1f5f8e-7f0c-4f4b-9d3e-0c8a4f7a2c11"
    first = send(painter, annotation, form, head=0, key=key)
    rule(annotation.image.project, label_every_pixel=True)
    assert send(painter, annotation, form, head=0, key=key).json() == first.json()


def test_what_is_intended_is_accepted_until_its_pixels_change(painter, annotation, mask):
    rule(annotation.image.project, smallest_region=10)
    answer = intend(painter, annotation, {"intended": True, "regions": [HOLE, SPECK]})
    assert answer.json() == {"intended": [HOLE, SPECK]}
    changed = mask.copy()
    changed[202, 302] = 1
    assert save_labels(painter, annotation, changed, "ground_truth").json()["left"]["holes"] == 1
    assert save_labels(painter, annotation, mask, "ground_truth").status_code == 200


def test_an_unlabelled_pixel_is_never_intended_where_each_needs_a_label(painter, annotation, mask):
    rule(annotation.image.project, label_every_pixel=True)
    intend(painter, annotation, {"intended": True, "regions": [HOLE]})
    assert save_labels(painter, annotation, mask, "ground_truth").status_code == 422


def test_intending_is_recorded_kept_and_taken_back(painter, annotation, annotator):
    for regions in ([HOLE, HOLE], [SPECK], [SPECK]):
        intend(painter, annotation, {"intended": True, "regions": regions})
    assert intend(painter, annotation, {"intended": False, "regions": [HOLE, [1, 0, 0, 1]]}).json() == {
        "intended": [SPECK]
    }
    annotation.refresh_from_db()
    assert annotation.intended == [SPECK]
    events = AuditEvent.objects.order_by("pk").values_list("action", "field", "new", "actor")
    assert list(events) == [
        ("regions intended", "intended", json.dumps([HOLE]), annotator.pk),
        ("regions intended", "intended", json.dumps([SPECK]), annotator.pk),
        ("regions not intended", "intended", json.dumps([HOLE]), annotator.pk),
    ]
    page = painter.get(reverse("editor", args=[annotation.pk]))
    assert page.context["config"]["annotation"]["intended"] == [SPECK]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "[" * 100_000,
        {},
        {"regions": [HOLE]},
        {"intended": 1, "regions": [HOLE]},
        {"intended": True, "regions": []},
        {"intended": True, "regions": "0"},
        {"intended": True, "regions": [HOLE] * 101},
        {"intended": True, "regions": [[0, 1, 2]]},
        {"intended": True, "regions": [[0, 1, 2, True]]},
        {"intended": True, "regions": [[0, 1, 2, 1.5]]},
        {"intended": True, "regions": [[0, "1", 2, 1]]},
        {"intended": True, "regions": [[256, 1, 2, 1]]},
        {"intended": True, "regions": [[0, 700, 2, 1]]},
        {"intended": True, "regions": [[0, 1, 600, 1]]},
        {"intended": True, "regions": [[0, -1, 2, 1]]},
        {"intended": True, "regions": [[0, 1, 2, 0]]},
        {"intended": True, "regions": [[0, 1, 2, 700 * 600 + 1]]},
        {"intended": True, "regions": [[0, 1, 2, 10**30]]},
    ],
)
def test_what_is_no_region_is_refused_in_a_sentence(painter, annotation, data):
    response = intend(painter, annotation, data)
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")
    annotation.refresh_from_db()
    assert annotation.intended == []
    assert not AuditEvent.objects.exists()


def test_more_than_a_thousand_are_refused(painter, annotation):
    annotation.intended = [[0, x, 0, 1] for x in range(600)] + [[0, x, 1, 1] for x in range(400)]
    annotation.save()
    response = intend(painter, annotation, {"intended": True, "regions": [HOLE]})
    assert (response.status_code, "At most 1,000" in response.json()["error"]) == (409, True)
    assert intend(painter, annotation, {"intended": True, "regions": [[0, 0, 0, 1]]}).status_code == 200


def test_closed_work_keeps_what_is_intended(painter, annotation):
    annotation.state = "submitted"
    annotation.save()
    assert intend(painter, annotation, {"intended": True, "regions": [HOLE]}).status_code == 409
    annotation.state = "returned"
    annotation.save()
    annotation.image.project.archived_at = timezone.now()
    annotation.image.project.save()
    assert intend(painter, annotation, {"intended": True, "regions": [HOLE]}).status_code == 409


def test_a_large_image_is_inspected_by_a_worker(painter, annotation, mask, monkeypatch):
    rule(annotation.image.project, smallest_region=10)
    monkeypatch.setattr(inspecting, "SMALL_PIXELS", 1000)
    asked = []

    def run(function, *arguments, seconds, owner):
        asked.append(owner)
        return function(*arguments)

    monkeypatch.setattr(workers, "run", run)
    assert save_labels(painter, annotation, mask, "ground_truth").json()["left"]["holes"] == 1
    assert asked == [annotation.member.user_id]

    def busy(*arguments, **options):
        raise WorkerBusy

    monkeypatch.setattr(workers, "run", busy)
    response = save_labels(painter, annotation, mask, "ground_truth")
    assert (response.status_code, "try again" in response.json()["error"]) == (503, True)
    assert annotation.head == 0


def test_areas_are_measured_on_the_label_grid(annotation):
    image = annotation.image
    image.um_per_px, image.grid_downsample = 0.25, 2
    image.project.smallest_region, image.project.smallest_region_unit = 50, "um2"
    assert inspecting.rules_of(image) == Rules(False, 200)
