"""Downloading masks: by whom, of what, and what the person is told when there is nothing or something is broken."""

import io
import zipfile

import numpy as np
import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from annotation.models import LabelTile
from annotation.tests.painting import save_labels
from annotation.tests.stored import DAMAGES, damage
from projects.models import Project
from projects.tests.factories import ImageFactory, ProjectFactory

EXPORT = reverse("masks_export")


@pytest.fixture
def labelled(painter, work, creator):
    """The first image is submitted, the second at a checkpoint; the creator is logged in."""
    save_labels(painter, work[0], np.ones((600, 700), np.uint8), "ground_truth")
    save_labels(painter, work[1], np.full((600, 700), 2, np.uint8))
    painter.force_login(creator)
    return work


def names(response) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.testzip() is None
        return [name for name in archive.namelist() if name.endswith(".png")]


@pytest.mark.parametrize(
    ("options", "masks"),
    [
        ({}, ["field-0"]),
        ({"checkpoints": "on"}, ["field-0", "field-1"]),
        ({"returned": "on"}, ["field-0"]),
    ],
)
def test_the_choices_of_the_form_are_followed(client, labelled, project, options, masks):
    response = client.post(EXPORT, {"project": project.pk} | options)
    assert response.status_code == 200
    assert names(response) == [f"Colon glands/anna/{name}.png" for name in masks]


def test_the_download_is_named_private_and_not_held_back(client, labelled, project):
    Project.objects.filter(pk=project.pk).update(name='Drüsen "A"/1')
    response = client.post(EXPORT, {"project": project.pk})
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Dr%C3%BCsen%20_A__1-masks.zip"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Accel-Buffering"] == "no"
    assert names(response) == ["Drüsen _A__1/anna/field-0.png"]


def test_an_export_of_some_images(client, labelled, project):
    image = labelled[1].image.pk
    response = client.post(EXPORT, {"project": project.pk, "image": [image], "checkpoints": "on"})
    assert names(response) == ["Colon glands/anna/field-1.png"]
    assert AuditEvent.objects.get(action="masks exported").new == f"submitted, checkpoints; images {image}"


def test_an_export_is_recorded_for_each_project(client, labelled, project, creator):
    other = ProjectFactory(creator=creator)
    assert len(names(client.post(EXPORT, {"project": [other.pk, project.pk], "checkpoints": "on"}))) == 2
    events = AuditEvent.objects.filter(action="masks exported").values_list("object_id", "actor__username", "new")
    assert sorted(events) == sorted((str(pk), "carla", "submitted, checkpoints") for pk in (project.pk, other.pk))


@pytest.mark.parametrize(
    ("project_ids", "image_ids", "status"),
    [
        (["own", "foreign"], [], 404),
        (["own"], ["foreign"], 404),
        (["own"], ["own", "foreign"], 404),
        (["own", "999999"], [], 404),
        (["own", "1 OR 1"], [], 404),
        (["-1"], [], 404),
        (["9" * 5000], [], 404),
        (["own"], ["x"], 404),
        ([], [], 400),
    ],
)
def test_attack_19_forged_ids_get_nothing(client, labelled, project, project_ids, image_ids, status):
    foreign = ImageFactory()
    projects = {"own": project.pk, "foreign": foreign.project_id}
    images = {"own": labelled[0].image.pk, "foreign": foreign.pk}
    form = {
        "project": [projects.get(text, text) for text in project_ids],
        "image": [images.get(text, text) for text in image_ids],
    }
    assert client.post(EXPORT, form).status_code == status
    assert not AuditEvent.objects.filter(action="masks exported").exists()


def test_a_creator_of_one_project_who_annotates_in_another_exports_only_the_own_one(
    client, labelled, project, annotator
):
    own = ProjectFactory(creator=annotator)
    client.force_login(annotator)
    assert client.post(EXPORT, {"project": [own.pk, project.pk]}).status_code == 403


def test_with_nothing_submitted_a_page_says_so(client, creator, work, project):
    client.force_login(creator)
    response = client.post(EXPORT, {"project": project.pk})
    assert response.status_code == 409
    assert "Nothing has been submitted yet" in response.content.decode()


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_tile_is_named_before_anything_is_sent(client, labelled, project, how):
    damage(LabelTile.objects.filter(plane=0, revision__annotation=labelled[0]).first(), how)
    response = client.post(EXPORT, {"project": project.pk})
    assert response.status_code == 409
    sentence = "of field-0.png is missing" if how == "gone" else "of field-0.png is damaged"
    assert f"plane 0, column 0, row 0) {sentence}" in response.content.decode()
    assert not AuditEvent.objects.filter(action="masks exported").exists()
