"""The audit trail's one door: every decision about people, projects, images and labels passes through `record`."""

from django.db.models import Model

from accounts.models import AuditEvent, User


def record(
    action: str,
    obj: Model,
    *,
    actor: User | None,
    role: str = "",
    field: str = "",
    old: str = "",
    new: str = "",
    reason: str = "",
) -> AuditEvent:
    """Write down that `actor` did `action` to `obj`.

    Call it inside the transaction of the change, so that neither exists without the other. `actor` is None for what
    the system does by itself.
    """
    return AuditEvent.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        role=role,
        object_type=obj._meta.label,
        object_id=str(obj.pk),
        action=action,
        field=field,
        old=old,
        new=new,
        reason=reason,
    )
