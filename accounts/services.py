"""Asking for rights, and deciding on it. Every change of a registration's state is written here."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.audit import record
from accounts.models import IRB_STAFF, Grant, Protocol, Registration, User

Status = Registration.Status
DECIDED, ALREADY_DECIDED, OWN = "decided", "already decided", "own"
FIRST, SAME_PERSON, NO_ADMINISTRATOR, UNCONFIRMED = "first of two", "same person", "no administrator", "unconfirmed"


@transaction.atomic
def submit_registration(*, user: User, purpose: str, reason: str, protocol_number: str = "") -> Registration:
    """Ask for an account or for more rights, or answer what IRB staff asked.

    A request that waits already is returned as it is.
    """
    answers = {"purpose": purpose, "reason": reason, "protocol_number": protocol_number}
    accepted = {"data_use_version": user.data_use_version, "data_use_accepted_at": user.data_use_accepted_at}
    asked = user.registrations.select_for_update().filter(status=Status.ASKED).first()
    if asked:
        nobody = dict.fromkeys(["decided_at", "decided_by", "first_approved_at", "first_approved_by"])
        Registration.objects.filter(pk=asked.pk).update(
            status=Status.PENDING, decision_reason="", **answers, **accepted, **nobody
        )
        record("registration answered", asked, actor=user, field="reason", old=asked.reason, new=reason)
        asked.refresh_from_db()
        return asked
    registration, created = Registration.objects.get_or_create(
        user=user, status=Status.PENDING, defaults=answers | accepted
    )
    if created:
        record("registration submitted", registration, actor=user, new=registration.purpose, reason=reason)
    return registration


def approve_registrations(registrations: Iterable[Registration], *, by: User, reason: str = "") -> Counter:
    """Approve each request that is open and write the rights it asks for; count the outcomes."""
    return Counter(_decide(registration, Status.APPROVED, by, reason) for registration in registrations)


def decline_registrations(registrations: Iterable[Registration], *, by: User, reason: str) -> Counter:
    """Decline each request that is open; count the outcomes."""
    return Counter(_decide(registration, Status.DECLINED, by, reason) for registration in registrations)


def ask_for_more(registrations: Iterable[Registration], *, by: User, reason: str) -> Counter:
    """Ask each person whose request waits for what is missing; count the outcomes."""
    return Counter(_decide(registration, Status.ASKED, by, reason) for registration in registrations)


@transaction.atomic
def _decide(registration: Registration, status: str, by: User, reason: str) -> str:
    # Two people may decide at once, or the page may be an hour old: what counts is the row, and it is ours from here.
    registration = Registration.objects.select_for_update(of=("self",)).select_related("user").get(pk=registration.pk)
    if registration.user_id == by.pk:
        return OWN
    before = registration.status
    if before not in Registration.OPEN or before == status:
        return ALREADY_DECIDED
    if status == Status.APPROVED and (obstacle := _obstacle(registration, by)):
        return obstacle
    now = timezone.now()
    if status == Status.APPROVED and registration.needs_two and not registration.first_approved_by:
        registration.first_approved_by, registration.first_approved_at = by, now
        registration.save()
        record("registration approved by the first of two", registration, actor=by, reason=reason)
        return FIRST
    registration.status, registration.decision_reason = status, reason
    registration.decided_by, registration.decided_at = by, now
    registration.save()
    record(f"registration {status}", registration, actor=by, field="status", old=before, new=status, reason=reason)
    if status == Status.APPROVED:
        _write_rights(registration, by=by, since=now)
    # Robust: a mail server that is down is logged and undoes nothing.
    transaction.on_commit(lambda: tell_decision(registration), robust=True)
    return DECIDED


def _obstacle(registration: Registration, by: User) -> str:
    """Why this person may not approve it now, or nobody; empty if they may."""
    first = registration.first_approved_by
    if first == by:
        return SAME_PERSON
    if first and not (first.is_superuser or by.is_superuser):
        return NO_ADMINISTRATOR
    return "" if is_confirmed(registration.user) else UNCONFIRMED


def is_confirmed(user: User) -> bool:
    """Whether the person proved to read the mail of their address; nobody is asked where no mail leaves the machine."""
    if settings.ACCOUNT_EMAIL_VERIFICATION == "none" or user.is_approved:
        return True
    return EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()


def _write_rights(registration: Registration, *, by: User, since: datetime) -> None:
    if not registration.needs_two:
        _write_grant(registration, by=by, since=since)
        return
    user = registration.user
    user.is_staff = True
    user.is_superuser = user.is_superuser or registration.purpose == Registration.Purpose.ADMINISTER
    user.save(update_fields=["is_staff", "is_superuser"])
    if registration.purpose == Registration.Purpose.IRB:
        user.groups.add(Group.objects.get(name=IRB_STAFF))
    action = "made IRB staff" if registration.purpose == Registration.Purpose.IRB else "made administrator"
    record(action, user, actor=by, new=user.username, reason=registration.decision_reason)


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
    record("grant written", grant, actor=by, new=grant.in_words(), reason=registration.decision_reason)
    return grant


def tell_decision(registration: Registration) -> None:
    send_text(f"registration_{registration.status}", registration.user, {"registration": registration})


def send_text(name: str, to: User, context: dict) -> None:
    """Write a plain e-mail to a person. The first line of the template is the subject."""
    text = render_to_string(f"accounts/email/{name}.txt", context | {"user": to})
    subject, _, body = text.partition("\n")
    send_mail(subject, body.lstrip(), settings.DEFAULT_FROM_EMAIL, [to.email])


@transaction.atomic
def review_grants(grants: Iterable[Grant], *, by: User) -> int:
    """Write down that `by` looked at these grants and found them right; nobody reviews their own. Return how many."""
    reviewed = [grant for grant in grants if grant.user_id != by.pk]
    Grant.objects.filter(pk__in=[grant.pk for grant in reviewed]).update(reviewed_at=timezone.now(), reviewed_by=by)
    for grant in reviewed:
        record("grant reviewed", grant, actor=by, new=grant.user.username)
    return len(reviewed)
