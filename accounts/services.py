"""Asking for rights, and deciding on it. Every change of a registration's state is written here."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.audit import record
from accounts.models import Grant, Protocol, Registration, User

DECIDED, ALREADY_DECIDED, OWN = "decided", "already decided", "own"


@transaction.atomic
def submit_registration(*, user: User, purpose: str, reason: str, protocol_number: str = "") -> Registration:
    """Ask for an account or for more rights. A request that waits already is returned as it is."""
    registration, created = Registration.objects.get_or_create(
        user=user,
        status=Registration.Status.PENDING,
        defaults={"purpose": purpose, "reason": reason, "protocol_number": protocol_number},
    )
    if created:
        record("registration submitted", registration, actor=user, new=registration.purpose, reason=reason)
    return registration


def approve_registrations(registrations: Iterable[Registration], *, by: User, reason: str = "") -> Counter:
    """Approve each request that still waits and write the grant it asks for; count the outcomes."""
    return Counter(_decide(registration, Registration.Status.APPROVED, by, reason) for registration in registrations)


def decline_registrations(registrations: Iterable[Registration], *, by: User, reason: str) -> Counter:
    """Decline each request that still waits; count the outcomes."""
    return Counter(_decide(registration, Registration.Status.DECLINED, by, reason) for registration in registrations)


@transaction.atomic
def _decide(registration: Registration, status: str, by: User, reason: str) -> str:
    if registration.user_id == by.pk:
        return OWN
    now = timezone.now()
    # Two people may decide at once, or the page may be an hour old: whoever changes the row decides.
    changed = Registration.objects.filter(pk=registration.pk, status=Registration.Status.PENDING).update(
        status=status, decided_at=now, decided_by=by, decision_reason=reason
    )
    if changed != 1:
        return ALREADY_DECIDED
    registration.refresh_from_db()
    record(f"registration {status}", registration, actor=by, field="status", old="pending", new=status, reason=reason)
    if status == Registration.Status.APPROVED:
        _write_grant(registration, by=by, since=now)
    # Robust: a mail server that is down is logged and undoes nothing.
    transaction.on_commit(lambda: tell_decision(registration), robust=True)
    return DECIDED


def _write_grant(registration: Registration, *, by: User, since: datetime) -> Grant:
    grant = Grant.objects.create(
        user=registration.user,
        may_create_projects=registration.purpose == Registration.Purpose.CREATE,
        since=since,
        granted_by=by,
        registration=registration,
    )
    if registration.protocol_number:
        grant.protocols.set(Protocol.objects.filter(number__iexact=registration.protocol_number))
    new = "create projects and label" if grant.may_create_projects else "label"
    record("grant written", grant, actor=by, new=new, reason=registration.decision_reason)
    return grant


def tell_decision(registration: Registration) -> None:
    """Write to the person. The first line of the template is the subject."""
    text = render_to_string(f"accounts/email/registration_{registration.status}.txt", {"registration": registration})
    subject, _, body = text.partition("\n")
    send_mail(subject, body.lstrip(), settings.DEFAULT_FROM_EMAIL, [registration.user.email])
