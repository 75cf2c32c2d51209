"""Long audit trails, made at once."""

from datetime import timedelta

from django.utils import timezone

from accounts import chain
from accounts.models import AuditEvent, AuditHead, User

ACTIONS = [
    "signed in",
    "image viewed",
    "checkpoint saved",
    "ground truth submitted",
    "project changed",
    "image uploaded",
]
ROLES = ["annotator", "annotator", "annotator", "annotator", "creator", "creator"]
KINDS = ["accounts.User", "projects.Image", *["annotation.Annotation"] * 2, "projects.Project", "projects.Image"]


def grow(number: int, actors: list[User], *, days: int = 400) -> None:
    """Chain `number` events to the trail, of the last `days` days."""
    head = AuditHead.objects.get()
    first = timezone.now() - timedelta(days=days)
    events = []
    for index in range(number):
        kind = index * 7919 % len(ACTIONS)
        actor = actors[index % len(actors)]
        event = AuditEvent(
            sequence=head.sequence + 1,
            at=first + timedelta(days=days) * index / number,
            actor=actor,
            actor_name=actor.username,
            role=ROLES[kind],
            ip="192.0.2.7",
            request_id=f"{index:016x}",
            project=index % 20,
            object_type=KINDS[kind],
            object_id=str(index % 5_000),
            action=ACTIONS[kind],
            new=f"value {index}",
            previous_hash=head.hash,
        )
        event.hash = chain.digest(event.text())
        head.sequence, head.hash = event.sequence, event.hash
        events.append(event)
    AuditEvent.objects.bulk_create(events, batch_size=500)
    head.save()
