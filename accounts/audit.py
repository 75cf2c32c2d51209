"""The audit trail's one door: every decision about people, projects, images and labels passes through `record`."""

import re
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.text import Truncator

from accounts import chain
from accounts.models import AuditEvent, AuditHead, Protocol, User
from accounts.origin import origin

if TYPE_CHECKING:
    from projects.models import Project

VIEWED = "image viewed"  # at full size; who may open a list of images sees their thumbnails
DIGEST = re.compile(r"sha256:([0-9a-f]{10})[0-9a-f]{54}")


def record(
    action: str,
    obj: Model | type[Model],
    *,
    actor: User | AnonymousUser | None,
    field: str = "",
    old: str = "",
    new: str = "",
    reason: str = "",
) -> AuditEvent:
    """Write down that `actor` did `action` to `obj`, or to something of its kind where `obj` is a class.

    Call it inside the transaction of the change, and late, so that neither exists without the other and others wait
    briefly. `actor` is None for what the system does by itself. If the event cannot be written, this raises.
    """
    person = actor if isinstance(actor, User) else None
    project = project_of(obj)
    here = origin.get()
    event = AuditEvent(
        actor=person,
        actor_name=actor.get_username() or "anonymous" if actor else "system",
        role=role_of(person, project),
        protocol=protocol_of(obj, project),
        ip=here.ip,
        request_id=here.request_id,
        project=project.pk if project else None,
        object_type=obj._meta.label,
        object_id=str(obj.pk) if isinstance(obj, Model) else "",
        action=action,
        field=field,
        old=old,
        new=new,
        reason=reason,
    )
    with transaction.atomic(savepoint=False):
        append(event)
    return event


def record_daily(action: str, obj: Model, *, actor: User) -> None:
    """Write down the first time on a day (UTC) that `actor` does `action` to `obj`: one look at an index otherwise."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    today = AuditEvent.objects.filter(
        action=action, actor=actor, object_type=obj._meta.label, object_id=str(obj.pk), at__gte=midnight
    )
    if today.exists():
        return
    with transaction.atomic():
        AuditHead.lock()  # the tiles of an image are asked for all at once
        if not today.exists():
            record(action, obj, actor=actor)


def append(event: AuditEvent) -> None:
    """Chain an event to the last one. Whoever else has one to write waits until this transaction ends."""
    head = AuditHead.lock()
    event.at = timezone.now()
    event.sequence = head.sequence + 1
    event.previous_hash = head.hash
    event.hash = chain.digest(event.text())
    event.save(force_insert=True)
    head.sequence, head.hash = event.sequence, event.hash
    head.save(force_update=True)


def in_short(text: str) -> str:
    """A value as lists show it; the event's own page has all of it."""
    return Truncator(DIGEST.sub(r"sha256 \1…", text)).chars(160)


def project_of(obj: Model | type[Model]) -> "Project | None":
    """The project that an object belongs to: its own, that of its image, or itself."""
    if not isinstance(obj, Model):
        return None
    if obj._meta.label == "projects.Project":
        return obj  # type: ignore[return-value]  # what the line before says
    return getattr(getattr(obj, "image", obj), "project", None)


def role_of(person: User | None, project: "Project | None") -> str:
    """What a person is at this moment: in the project, or in the installation where there is none."""
    from projects import permissions  # which rests on the models of this app

    if person is None:
        return ""
    if project is not None:
        return permissions.role_of(person, project).value
    if person.is_superuser:
        return permissions.Role.ADMINISTRATOR.value
    if person.is_irb_staff:
        return permissions.Role.IRB_STAFF.value
    return "approved" if person.is_approved else "not approved"


def protocol_of(obj: Model | type[Model], project: "Project | None") -> str:
    if isinstance(obj, Protocol):
        return obj.number
    if project is not None:
        return project.protocol.number if project.protocol else ""
    return getattr(obj, "protocol_number", "")
