"""The audit trail of a project or an image as its creator reads it: who did what to what, without addresses."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Model, Q, QuerySet

from accounts.audit import VIEWED, in_short
from accounts.models import AuditEvent
from annotation.models import Annotation
from projects.models import Category, Image, Membership, Project

PAGE = 50
KINDS = {
    "": ("Everything", Q()),
    "labels": ("Labels", Q(object_type=Annotation._meta.label)),
    "images": ("Images", Q(object_type=Image._meta.label) & ~Q(action=VIEWED)),
    "views": ("Views", Q(action=VIEWED)),
    "project": ("Project and people", ~Q(object_type__in=[Annotation._meta.label, Image._meta.label])),
}
NAMED: dict[type[Model], list[str]] = {
    Image: [],
    Annotation: ["image", "member__user"],
    Category: [],
    Membership: ["user"],
}


@dataclass
class Line:
    """An event in words."""

    event: AuditEvent
    object: str
    old: str
    new: str


def of_project(project: Project) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(project=project.pk)


def of_image(image: Image) -> QuerySet[AuditEvent]:
    labels = [str(pk) for pk in image.annotations.values_list("pk", flat=True)]
    own = Q(object_type=Image._meta.label, object_id=str(image.pk))
    return AuditEvent.objects.filter(own | Q(object_type=Annotation._meta.label, object_id__in=labels))


def page(events: QuerySet[AuditEvent], kind: str, before: int | None) -> dict:
    """One page of events, the newest first, by day; the next begins before the last of this one."""
    events = events.filter(KINDS[kind][1]).order_by("-sequence")
    found = list((events.filter(sequence__lt=before) if before else events)[: PAGE + 1])
    shown = in_words(found[:PAGE])
    return {
        "days": [(day, list(lines)) for day, lines in groupby(shown, lambda line: line.event.at.date())],
        "older": shown[-1].event.sequence if len(found) > PAGE else None,
        "kinds": [(name, title, name == kind) for name, (title, _) in KINDS.items()],
        "kind": kind,
        "newest": before is None,
    }


def in_words(events: list[AuditEvent]) -> list[Line]:
    names = names_of(events)
    return [
        Line(event, names.get((event.object_type, event.object_id), ""), in_short(event.old), in_short(event.new))
        for event in events
    ]


def names_of(events: Iterable[AuditEvent]) -> dict[tuple[str, str], str]:
    """What the objects of events are called today: {(kind, number): name}, by one query a kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in events:
        wanted[event.object_type].add(event.object_id)
    names: dict[tuple[str, str], str] = {}
    for model, related in NAMED.items():
        kind = model._meta.label
        if kind in wanted:
            rows = model._default_manager.filter(pk__in=wanted[kind]).select_related(*related)
            names |= {(kind, str(row.pk)): name_of(row) for row in rows}
    return names


def name_of(row: Model) -> str:
    return row.user.username if isinstance(row, Membership) else str(row)
