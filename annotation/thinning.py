"""Old autosaves that nobody can miss any more are taken out; everything that stays reads as it did.

**The rule.** A revision stores only the tiles that it changed, so taking one out could change how later ones read. An
old autosave goes only if the next revision that stays changed every place that it changed: nothing of it shines through
there, nor in anything later. Checkpoints, ground truths and all other kinds stay, and so do the head, whatever another
revision names as its source, and autosaves that are young. Looked at from the last revision backwards, one comparison
per autosave decides. No row that stays is touched.

What was taken out is written into the audit trail, by which `verify` tells it from what was lost. Blobs are left to
`sweep`.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from accounts.audit import record
from accounts.models import AuditEvent
from annotation.models import Annotation, LabelTile, Revision

THINNED = "autosaves thinned"
AT_ONCE = 500
Place = tuple[int, int, int]


def thin(before: datetime, *, delete: bool) -> Iterator[tuple[int, int]]:
    """Yield (revisions, bytes of their tiles) of each annotation in which autosaves from before a time can go."""
    old = Revision.objects.filter(kind=Revision.Kind.AUTOSAVE, saved_at__lt=before)
    sources = named_as_sources()
    for pk in old.order_by("annotation").values_list("annotation", flat=True).distinct():
        revisions, size = thin_annotation(pk, before, sources, delete=delete)
        if revisions:
            yield revisions, size


@transaction.atomic
def thin_annotation(pk: int, before: datetime, sources: set[tuple[int, int]], *, delete: bool) -> tuple[int, int]:
    """Find, and delete if told, what can go of one annotation; saves wait meanwhile."""
    annotation = Annotation.objects.select_for_update().get(pk=pk)
    goes, size = superfluous(annotation, before, sources), 0
    for some in in_steps(list(goes)):
        tiles = LabelTile.objects.filter(revision__in=some)
        size += sum(tiles.values_list("size", flat=True))
        if delete:
            tiles.delete()
            Revision.objects.filter(pk__in=some).delete()
    if delete and goes:
        numbers = ", ".join(map(str, sorted(goes.values())))
        record(THINNED, annotation, actor=None, field="revision", old=numbers)
    return len(goes), size


def in_steps(keys: list[int]) -> Iterator[list[int]]:
    """Yield the keys few at a time: SQLite takes only so many in one statement."""
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def superfluous(annotation: Annotation, before: datetime, sources: set[tuple[int, int]]) -> dict[int, int]:
    """Return the autosaves that can go: {primary key: number}."""
    places: dict[int, set[Place]] = {}
    tiles = LabelTile.objects.filter(revision__annotation=annotation)
    for number, plane, column, row in tiles.values_list("revision__number", "plane", "column", "row"):
        places.setdefault(number, set()).add((plane, column, row))
    goes: dict[int, int] = {}
    next_kept: set[Place] = set()
    rows = annotation.revisions.order_by("-number").values_list("pk", "number", "kind", "saved_at")
    for pk, number, kind, saved_at in rows:
        changed = places.get(number, set())
        is_old = kind == Revision.Kind.AUTOSAVE and saved_at < before
        is_named = number == annotation.head or (annotation.pk, number) in sources
        if is_old and not is_named and changed <= next_kept:
            goes[pk] = number
        else:
            next_kept = changed
    return goes


def named_as_sources() -> set[tuple[int, int]]:
    """Return the revisions that others name as their sources: {(annotation, number)}.

    A source is {"revision": number}, of the same annotation, or has its "annotation" beside the number.
    """
    rows = Revision.objects.exclude(sources=[]).values_list("annotation", "sources")
    return {(source.get("annotation", own), source["revision"]) for own, sources in rows for source in sources}


def thinned_numbers(annotation: Annotation) -> set[int]:
    """Return the numbers of the revisions that were thinned out of an annotation, as the audit trail has them."""
    events = AuditEvent.objects.filter(
        object_type=annotation._meta.label, object_id=str(annotation.pk), action=THINNED, field="revision"
    )
    return {int(number) for old in events.values_list("old", flat=True) for number in old.split(", ")}
