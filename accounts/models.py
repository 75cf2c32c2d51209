"""People, what they asked for, what they were granted, under which protocol, and the record of what happened."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property

from accounts import chain

IRB_STAFF = "IRB staff"


@dataclass(frozen=True)
class Rights:
    """What a person may do at this moment, as their grants and groups say it.

    `protocols` are those of current grants, `ended` those of earlier ones with the moment when the last of them ended.
    """

    granted: bool
    creates: bool
    irb_staff: bool
    protocols: frozenset[int]
    ended: dict[int, datetime]
    certificate_date: date | None
    access_ended: datetime | None


class LabelerUserManager(UserManager):
    """Usernames and e-mail addresses are unique regardless of case, so both are kept in lower case."""

    def get_by_natural_key(self, username):
        return self.get(username=username.lower())

    @classmethod
    def normalize_email(cls, email):
        return (email or "").lower()


class User(AbstractUser):
    """A person. Rights come from grants and memberships, never from flags set by hand."""

    first_name = None  # type: ignore[assignment]  # Django's way to drop a field
    last_name = None  # type: ignore[assignment]  # likewise
    email = models.EmailField("e-mail", unique=True)
    full_name = models.CharField(max_length=150)
    affiliation = models.CharField(max_length=200, blank=True)
    data_use_version = models.CharField("data-use text accepted", max_length=40, blank=True, editable=False)
    data_use_accepted_at = models.DateTimeField("accepted on", null=True, blank=True, editable=False)

    objects = LabelerUserManager()  # type: ignore[misc]  # the stubs know no manager of another class

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_ignoring_case",
                violation_error_message="A person with this username exists already.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_ignoring_case",
                violation_error_message="A person with this e-mail address exists already.",
            ),
        ]

    def __str__(self):
        return self.username

    def clean(self):
        super().clean()
        self.username = (self.username or "").lower()

    def save(self, *args, **kwargs):
        self.username = self.username.lower()
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def get_full_name(self):
        return self.full_name

    def get_short_name(self):
        return self.username

    @cached_property
    def rights(self) -> Rights:
        """What grants and groups say at this moment: one query a request."""
        return rights_of([self.pk])[self.pk]

    @property
    def is_irb_staff(self) -> bool:
        return self.rights.irb_staff

    @property
    def is_approved(self) -> bool:
        """May this person use Labeler at all?"""
        return self.is_active and (self.is_superuser or self.rights.granted or self.rights.irb_staff)

    @property
    def may_label(self) -> bool:
        """May this person become a member of a project? IRB staff decide about people and never see images."""
        return self.is_active and (self.is_superuser or self.rights.granted) and not self.rights.irb_staff

    @property
    def may_create_projects(self) -> bool:
        return self.is_active and (self.is_superuser or self.rights.creates) and not self.rights.irb_staff


def rights_of(people: Collection[int]) -> dict[int, Rights]:
    """The rights of each of these people, in one query.

    Plain joins, since building three EXISTS took a third of the time of a whole request.
    """
    columns = "since", "until", "may_create_projects", "certificate_date", "protocols"
    rows: dict[int, list[tuple]] = {pk: [] for pk in people}
    found = User.objects.filter(pk__in=people).values_list(
        "pk", *(f"grants__{name}" for name in columns), "groups__name"
    )
    for pk, *row in found:
        rows[pk].append(tuple(row))
    return {pk: _rights(of_person) for pk, of_person in rows.items()}


def _rights(rows: list[tuple]) -> Rights:
    current = [row for row in rows if row[0] and holds(row[0], row[1])]
    over = [row for row in rows if row[1] and row[1] <= timezone.now()]
    return Rights(
        granted=bool(current),
        creates=any(row[2] for row in current),
        irb_staff=any(row[-1] == IRB_STAFF for row in rows),
        protocols=frozenset(row[4] for row in current if row[4]),
        ended={row[4]: row[1] for row in sorted(over, key=lambda row: row[1]) if row[4]},
        certificate_date=max((row[3] for row in current if row[3]), default=None),
        access_ended=None if current else max((row[1] for row in over), default=None),
    )


def certificate_until(certificate_date: date | None) -> date | None:
    """The first day on which a certificate of that day no longer holds, by CERTIFICATE_DAYS; None if it never ends."""
    if certificate_date is None or not settings.CERTIFICATE_DAYS:
        return None
    return certificate_date + timedelta(days=settings.CERTIFICATE_DAYS)


class Protocol(models.Model):
    """An IRB protocol."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        CLOSED = "closed"

    number = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=300)
    principal_investigator = models.CharField(max_length=150)
    approved_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(
        null=True,
        blank=True,
        help_text="The first day on which it no longer holds: labelling is read-only from then on.",
    )
    status = models.CharField(
        max_length=10,
        choices=Status,
        default=Status.ACTIVE,
        help_text="Suspending or closing it makes labelling read-only at once. Nothing is deleted.",
    )
    status_since = models.DateField(default=timezone.localdate, editable=False)
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]

    def __str__(self):
        return self.number

    @property
    def ended(self) -> str:
        """What ended it and when, to follow its name in a sentence; empty while it holds."""
        if self.status != self.Status.ACTIVE:
            return f"was {self.get_status_display().lower()} on {day_in_words(self.status_since)}"
        if self.expires_on and self.expires_on <= timezone.localdate():
            return f"expired on {day_in_words(self.expires_on)}"
        return ""


def day_in_words(day: date | datetime) -> str:
    """A day as sentences have it: 4 November 2026."""
    return date_format(timezone.localtime(day) if isinstance(day, datetime) else day, "j F Y")


class RegistrationQuerySet(models.QuerySet):
    def pending(self):
        return self.filter(status=Registration.Status.PENDING)

    def open(self):
        """What waits for IRB staff, or for an answer of the person."""
        return self.filter(status__in=Registration.OPEN)


class Registration(models.Model):
    """A person's request for an account, or for more rights. IRB staff review it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        ASKED = "asked", "More asked"
        APPROVED = "approved"
        DECLINED = "declined"

    class Purpose(models.TextChoices):
        ANNOTATE = "annotate", "Label images of projects I am invited to"
        CREATE = "create", "Create projects and label"
        IRB = "irb", "Decide about people, as IRB staff"
        ADMINISTER = "administer", "Administer Labeler"

    OPEN = (Status.PENDING, Status.ASKED)
    NEED_TWO = (Purpose.IRB, Purpose.ADMINISTER)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations")
    purpose = models.CharField("what for", max_length=10, choices=Purpose, default=Purpose.ANNOTATE)
    reason = models.TextField(max_length=2000)
    protocol_number = models.CharField("IRB protocol number", max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField("asked on", default=timezone.now)
    decided_at = models.DateTimeField("decided on", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decision_reason = models.TextField("reason of the decision", blank=True)
    first_approved_at = models.DateTimeField("first approval on", null=True, blank=True)
    first_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    data_use_version = models.CharField("data-use text accepted", max_length=40, blank=True)
    data_use_accepted_at = models.DateTimeField("accepted on", null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="pending", decided_by=None, decided_at=None)
                | (~Q(status="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="registration_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status__in=["pending", "asked"]),
                name="registration_one_open_per_user",
                violation_error_message="A request of this person is waiting already.",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved", purpose__in=["irb", "administer"])
                | Q(first_approved_by__isnull=False) & ~Q(first_approved_by=F("decided_by")),
                name="registration_staff_need_two",
            ),
        ]

    def __str__(self):
        return f"{self.user} ({self.get_status_display()})"

    @property
    def needs_two(self) -> bool:
        """Whoever decides about people or runs the place is approved by two others."""
        return self.purpose in self.NEED_TWO


def holds(since: datetime, until: datetime | None) -> bool:
    """Whether a grant holds at this moment; `GrantQuerySet.current` says the same to the database."""
    return since <= timezone.now() and (until is None or until > timezone.now())


class GrantQuerySet(models.QuerySet):
    def current(self):
        """Grants that hold at this moment."""
        now = timezone.now()
        return self.filter(Q(until=None) | Q(until__gt=now), since__lte=now)

    def due_for_review(self):
        """Current ones that nobody has looked at for REVIEW_DAYS."""
        then = timezone.now() - timedelta(days=settings.REVIEW_DAYS)
        return self.current().filter(
            Q(reviewed_at=None, since__lt=then) | Q(reviewed_at__lt=then), user__is_active=True
        )


class Grant(models.Model):
    """What IRB staff allowed a person, since when and until when. Ending a grant sets `until`; none is deleted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    may_create_projects = models.BooleanField(default=False)
    protocols = models.ManyToManyField(Protocol, blank=True, related_name="grants")
    certificate_date = models.DateField("training certificate of", null=True, blank=True)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, null=True, blank=True)
    reviewed_at = models.DateTimeField("last reviewed", null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]

    def __str__(self):
        return f"{self.user} since {self.since:%Y-%m-%d}"

    def in_words(self) -> str:
        """What it allows, as the audit trail keeps it."""
        parts = ["create projects and label" if self.may_create_projects else "label"]
        if numbers := [protocol.number for protocol in self.protocols.all()]:
            parts.append(f"under {', '.join(numbers)}")
        if self.certificate_date:
            parts.append(f"certificate of {self.certificate_date}")
        if self.until:
            parts.append(f"until {self.until:%Y-%m-%d %H:%M}")
        return "; ".join(parts)


class Reminder(models.Model):
    """That somebody was told of an end some days ahead: nobody is told twice, and of a new end anew."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    object_id = models.BigIntegerField()
    ends_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind", "object_id", "ends_on", "days"], name="reminder_once"),
        ]

    def __str__(self):
        return f"{self.recipient}: {self.kind} {self.object_id} ends on {self.ends_on}"


class AuditEvent(models.Model):
    """One thing that happened, who did it and why. Written by `accounts.audit.record` alone; never changed.

    Events are numbered without gaps, and each is hashed together with the hash of the one before. The database itself
    refuses to change or delete one (`accounts.guard`).
    """

    sequence = models.BigIntegerField("no.", unique=True)
    at = models.DateTimeField("at (UTC)", default=timezone.now, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField("who", max_length=150)
    role = models.CharField(max_length=30, blank=True)
    protocol = models.CharField(max_length=60, blank=True)
    ip = models.CharField("address", max_length=39, blank=True)  # text, so that it reads as it was hashed
    request_id = models.CharField("request", max_length=64, blank=True)
    project = models.BigIntegerField("project", null=True)  # its number: a key would tie this app to projects
    object_type = models.CharField("kind of object", max_length=60)
    object_id = models.CharField("number of the object", max_length=64)
    action = models.CharField(max_length=60)
    field = models.CharField(max_length=60, blank=True)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["sequence"]
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
            models.Index(fields=["project", "sequence"], name="audit_by_project"),
            models.Index(fields=["action", "actor", "object_id", "at"], name="audit_by_action"),
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name}: {self.action}"

    def values(self) -> list:
        return [getattr(self, column) for column in AUDIT_COLUMNS]

    def text(self) -> str:
        """What is hashed."""
        return chain.serialise(self.values())


AUDIT_COLUMNS = tuple("actor_id" if name == "actor" else name for name in chain.FIELDS)


class AuditHead(models.Model):
    """The last event, in one row that is locked by whoever writes the next: neither gaps nor forks."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=chain.BEGINNING)

    def __str__(self):
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def lock(cls) -> "AuditHead":
        return cls.objects.select_for_update().get()
