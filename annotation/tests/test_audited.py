"""What people do with labels and images does not happen without its event; autosaves have none."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEvent
from annotation import saving
from annotation.models import Annotation, Revision
from annotation.tests.painting import PLACE, save_form, send
from projects.models import Image
from projects.tests.test_ingest import encoded

ONES = np.ones((512, 512), np.uint8)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(saving, "PAUSES", ())


@pytest.mark.parametrize("kind", ["checkpoint", "ground_truth"])
def test_without_its_event_nothing_is_saved(painter, annotation, break_trail, kind):
    break_trail()
    assert send(painter, annotation, save_form({PLACE: ONES}, kind)).status_code == 503
    annotation.refresh_from_db()
    assert (annotation.head, annotation.state) == (0, "waiting")
    assert not Revision.objects.exists()


def test_autosaves_go_on_without_the_trail(painter, annotation, break_trail):
    break_trail()
    assert send(painter, annotation, save_form({PLACE: ONES}, "autosave")).status_code == 200
    assert not AuditEvent.objects.exists()


def test_without_its_event_nothing_is_returned(client, creator, annotation, break_trail):
    Annotation.objects.filter(pk=annotation.pk).update(state="submitted")
    client.force_login(creator)
    break_trail()
    address = reverse("annotation_return", args=[annotation.pk])
    assert client.post(address, {"comment": "Mind the border"}).status_code == 503
    annotation.refresh_from_db()
    assert annotation.state == "submitted"


def test_without_its_event_nothing_leaves(client, creator, painter, annotation, project, break_trail):
    assert send(painter, annotation, save_form({PLACE: ONES}, "ground_truth")).status_code == 200
    client.force_login(creator)
    break_trail()
    response = client.post(reverse("masks_export"), {"project": project.pk})
    assert (response.status_code, response.streaming) == (503, False)


def test_without_its_event_no_image_comes_in(client, creator, project, break_trail):
    client.force_login(creator)
    break_trail()
    form = {"position": 0, "file": SimpleUploadedFile("a.png", encoded())}
    assert client.post(reverse("image_upload", args=[project.pk]), form).status_code == 503
    assert not Image.objects.exists()


def test_what_is_returned_is_named_with_its_digest(client, creator, painter, annotation):
    send(painter, annotation, save_form({PLACE: ONES}, "ground_truth"))
    client.force_login(creator)
    client.post(reverse("annotation_return", args=[annotation.pk]), {"comment": "Mind the border"})
    saved = Revision.objects.get().saved_sha256
    assert AuditEvent.objects.last().old == f"submitted, revision 1 sha256:{saved}"
