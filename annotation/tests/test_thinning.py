"""`manage.py thin_autosaves`: whatever goes, everything that stays reads as before, and `verify` stays content."""

import io
import re
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent
from annotation import verification
from annotation.assignment import assign
from annotation.models import Annotation, LabelTile, Revision
from annotation.reading import tiles_at
from annotation.saving import Save, SavedTile, digest_of, save_revision
from annotation.sweeping import loose_files
from annotation.tests.painting import save_form, send
from annotation.thinning import thin, thinned_numbers

pytestmark = pytest.mark.django_db
A, B = (0, 0, 0), (0, 1, 0)
PIXELS = {value: np.pad(np.full((9, 9), value, np.uint8), ((0, 503), (0, 503))) for value in (1, 2, 3)}


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("thin_autosaves", *arguments, stdout=output)
    return output.getvalue()


def numbers(annotation) -> list[int]:
    return list(annotation.revisions.order_by("number").values_list("number", flat=True))


def grow_old(annotation, days=91) -> None:
    annotation.revisions.update(saved_at=timezone.now() - timedelta(days=days))


@pytest.fixture
def save(painter, annotation):
    """Save category `value` at some places, or clear them by None."""

    def made(kind: str, places: dict) -> int:
        tiles = {place: None if value is None else PIXELS[value] for place, value in places.items()}
        response = send(painter, annotation, save_form(tiles, kind))
        assert response.status_code == 200, response.content
        return response.json()["revision"]

    return made


def test_autosaves_go_that_the_next_revision_paints_over(save, annotation):
    save("autosave", {A: 1})
    save("autosave", {A: 2})
    save("checkpoint", {A: 3})
    save("autosave", {A: 1})
    grow_old(annotation)
    assert "Can be deleted: 2 autosaves of 1 annotations" in run()
    assert numbers(annotation) == [1, 2, 3, 4]
    said = run("--delete")
    assert "Deleted: 2 autosaves" in said
    assert "sweep" in said
    assert numbers(annotation) == [3, 4], "the head stays, autosave or not"
    assert thinned_numbers(annotation) == {1, 2}
    assert len(list(loose_files())) == 1, "the blob of 1 is that of 4, too; that of 2 is nobody's"
    assert "Can be deleted: 0 autosaves" in run()


def test_autosave_stays_where_a_place_of_it_shines_through(save, annotation):
    save("autosave", {A: 1, B: 1})
    save("autosave", {A: 2})
    save("checkpoint", {A: 3})
    grow_old(annotation)
    run("--delete")
    assert numbers(annotation) == [1, 3]


def test_place_that_is_cleared_next_is_painted_over(save, annotation):
    save("autosave", {A: 1})
    save("checkpoint", {A: None})
    grow_old(annotation)
    run("--delete")
    assert numbers(annotation) == [2]


def test_young_autosaves_and_all_other_kinds_stay(save, annotation):
    save("checkpoint", {A: 1})
    save("autosave", {A: 2})
    save("checkpoint", {A: 3})
    grow_old(annotation, days=89)
    run("--delete")
    assert numbers(annotation) == [1, 2, 3]
    assert "Can be deleted: 1 autosaves" in run("--older-than=80")


def test_what_another_revision_names_as_its_source_stays(save, annotation):
    first = save("autosave", {A: 1})
    second = save("autosave", {A: 2})
    third = save("autosave", {A: 3})
    last = save("checkpoint", {A: 1})
    sources = [{"revision": first}, {"annotation": annotation.pk, "revision": third}]
    Revision.objects.filter(number=last).update(sources=sources)
    grow_old(annotation)
    run("--delete")
    assert second not in numbers(annotation)
    assert numbers(annotation) == [first, third, last]


def test_days_in_which_a_save_may_be_sent_again_are_out_of_reach(db):
    with pytest.raises(CommandError, match="last 7 days"):
        run("--older-than=6")


def test_thinning_is_written_into_the_audit_trail(save, annotation):
    save("autosave", {A: 1})
    save("checkpoint", {A: 2})
    grow_old(annotation)
    run()
    assert not AuditEvent.objects.filter(action="autosaves thinned").exists()
    run("--delete")
    event = AuditEvent.objects.get(action="autosaves thinned")
    assert (event.object_id, event.old, event.actor_name) == (str(annotation.pk), "1", "system")


def test_thinned_revision_cannot_be_loaded_any_more(save, annotation, painter):
    for kind, value in (("checkpoint", 1), ("autosave", 2), ("checkpoint", 3)):
        save(kind, {A: value})
    grow_old(annotation)
    run("--delete")
    load = reverse("labels_load", args=[annotation.pk, 0])
    assert [painter.get(load, {"revision": number}).status_code for number in range(4)] == [200, 200, 404, 200]


def test_lost_revision_beside_thinned_ones_is_a_damage(save, annotation):
    save("autosave", {A: 1})
    save("checkpoint", {A: 2})
    save("checkpoint", {A: 3})
    grow_old(annotation)
    run("--delete")
    LabelTile.objects.filter(revision__number=2).delete()
    Revision.objects.get(number=2).delete()
    found = [str(finding) for finding in verification.findings(Counter())]
    assert [line for line in found if re.search("revision 2: it is missing", line)] == found != []


# --- Any history -----------------------------------------------------------------------------------------------------

PLACES = [(plane, column, row) for plane in (0, 1) for column in (0, 1) for row in (0, 1)]
CHANGES = st.dictionaries(st.sampled_from(PLACES), st.sampled_from([None, "a", "b"]), min_size=1, max_size=4)
KINDS = st.sampled_from([Revision.Kind.AUTOSAVE] * 4 + [Revision.Kind.CHECKPOINT])
HISTORIES = st.lists(st.tuples(KINDS, CHANGES, st.booleans()), min_size=1, max_size=25)


def write(annotation: Annotation, by, key: int, kind: str, changes: dict) -> None:
    """Save by the service, without pixels: what a tile holds does not matter for what a revision consists of."""
    digests = {"a": "a" * 64, "b": "b" * 64}
    tiles = [
        SavedTile(*place, blob=value and digests[value], pixels_sha256=digests[value] if value else "")
        for place, value in changes.items()
    ]
    annotation.refresh_from_db()
    save_revision(
        annotation=annotation,
        by=by,
        save=Save(annotation.head, f"key-{key}", kind, tiles, {}, digest_of(tiles), "0" * 64),
    )


def everything(annotation) -> dict[int, list]:
    """What each revision that there is consists of."""
    return {
        number: [tiles_at({annotation.pk: number}, plane)[annotation.pk] for plane in (0, 1)]
        for number in numbers(annotation)
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_all_that_stays_of_any_history_reads_as_before(membership, images, annotator, history):
    for model in (verification.HeadTile, LabelTile, Revision, Annotation):
        model.objects.all().delete()
    assign(membership)
    annotation = membership.annotations.in_order()[0]
    for key, (kind, changes, _) in enumerate(history):
        write(annotation, annotator, key, kind, changes)
    long_ago = timezone.now() - timedelta(days=100)
    for number, (_, _, is_old) in enumerate(history, 1):
        if is_old:
            annotation.revisions.filter(number=number).update(saved_at=long_ago)
    before = everything(annotation)
    list(thin(timezone.now() - timedelta(days=90), delete=True))
    after = everything(annotation)
    assert after == {number: before[number] for number in after}
    gone = {number for number in before if number not in after}
    assert all(history[number - 1][0] == Revision.Kind.AUTOSAVE and history[number - 1][2] for number in gone)
    assert verification.look_at_history(annotation.pk, verification.Finding("")) == []
