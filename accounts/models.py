"""People, what they asked for, what they were granted, under which protocol, and the record of what happened."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import chain

IRB_STAFF = "IRB staff"


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
    def _rights(self) -> tuple[bool, bool, bool]:
        """Whether the person has a current grant, one to create projects, and is IRB staff: one query a request.

        Plain joins, since building three EXISTS took a third of the time of a whole request.
        """
        grants = "grants__since", "grants__until", "grants__may_create_projects"
        rows = list(User.objects.filter(pk=self.pk).values_list(*grants, "groups__name"))
        current = {creates for since, until, creates, _ in rows if since and holds(since, until)}
        return bool(current), True in current, any(group == IRB_STAFF for *_, group in rows)

    @property
    def is_irb_staff(self) -> bool:
        return self._rights[2]

    @property
    def is_approved(self) -> bool:
        """May this person use Labeler at all?"""
        granted, _, irb_staff = self._rights
        return self.is_active and (self.is_superuser or granted or irb_staff)

    @property
    def may_label(self) -> bool:
        """May this person become a member of a project? IRB staff decide about people and never see images."""
        granted, _, irb_staff = self._rights
        return self.is_active and (self.is_superuser or granted) and not irb_staff

    @property
    def may_create_projects(self) -> bool:
        _, creates, irb_staff = self._rights
        return self.is_active and (self.is_superuser or creates) and not irb_staff


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
    expires_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]

    def __str__(self):
        return self.number


class RegistrationQuerySet(models.QuerySet):
    def pending(self):
        return self.filter(status=Registration.Status.PENDING)


class Registration(models.Model):
    """A person's request for an account, or for more rights. IRB staff review it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        DECLINED = "declined"

    class Purpose(models.TextChoices):
        ANNOTATE = "annotate", "Label images of projects I am invited to"
        CREATE = "create", "Create projects and label"

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
                condition=Q(status="pending"),
                name="registration_one_pending_per_user",
                violation_error_message="A request of this person is waiting already.",
            ),
        ]

    def __str__(self):
        return f"{self.user} ({self.get_status_display()})"


def holds(since: datetime, until: datetime | None) -> bool:
    """Whether a grant holds at this moment; `GrantQuerySet.current` says the same to the database."""
    return since <= timezone.now() and (until is None or until > timezone.now())


class GrantQuerySet(models.QuerySet):
    def current(self):
        """Grants that hold at this moment."""
        now = timezone.now()
        return self.filter(Q(until=None) | Q(until__gt=now), since__lte=now)


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

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]

    def __str__(self):
        return f"{self.user} since {self.since:%Y-%m-%d}"


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

    def text(self) -> str:
        """What is hashed."""
        return chain.serialise([getattr(self, column) for column in AUDIT_COLUMNS])


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
