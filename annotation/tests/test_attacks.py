"""Attacks by what a save claims of itself. Their numbers are those of the project's list of attacks."""

import json

from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from annotation.tests.painting import send, valid


def test_attack_20_a_save_is_its_senders_whatever_it_says(painter, annotation, annotator, creator):
    other = AnnotationFactory()
    claims = {
        "annotation": other.pk,
        "annotator": creator.pk,
        "author": creator.pk,
        "project": other.image.project_id,
        "image": other.image_id,
        "state": "accepted",
        "version": 99,
        "number": 99,
        "head": 99,
        "saved_at": "2001-01-01T00:00:00Z",
        "created_at": "2001-01-01T00:00:00Z",
    }
    form = valid()
    form |= {"save": json.dumps(json.loads(form["save"]) | claims)} | {name: str(one) for name, one in claims.items()}
    response = send(painter, annotation, form)
    assert response.status_code in (200, 400)
    annotation.refresh_from_db()
    assert annotation.state in (Annotation.State.WAITING, Annotation.State.IN_PROGRESS)
    assert not other.revisions.exists()
    for revision in annotation.revisions.all():
        assert (revision.number, revision.author, revision.saved_at.year > 2001) == (1, annotator, True)
