"""The labels of an image by one member, every save of them, and the tiles they consist of."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

LABELS, PROVENANCE, CERTAINTY = 0, 1, 2


class AnnotationQuerySet(models.QuerySet):
    def in_order(self):
        return self.order_by("position", "id")

    def done(self):
        return self.filter(state__in=Annotation.DONE)

    def open(self):
        return self.filter(state__in=Annotation.OPEN)


class Annotation(models.Model):
    """The labels of one image by one member. The rows of a member, by position, are that member's work."""

    class Kind(models.TextChoices):
        MEMBER = "member"
        CONSENSUS = "consensus"
        REFERENCE = "reference"
        SUGGESTION = "suggestion"

    class State(models.TextChoices):
        WAITING = "waiting"
        IN_PROGRESS = "in_progress", "in progress"
        SUBMITTED = "submitted"
        RETURNED = "returned"
        ACCEPTED = "accepted"
        CANNOT_BE_LABELLED = "cannot_be_labelled", "cannot be labelled"

    class CannotReason(models.TextChoices):
        OUT_OF_FOCUS = "out_of_focus", "out of focus"
        ARTEFACT = "artefact"
        WRONG_TISSUE = "wrong_tissue", "wrong tissue"
        OTHER = "other"

    # Every transition there is. Saving moves an open annotation to "in progress"; a returned one stays returned.
    TRANSITIONS = {
        State.WAITING: {State.IN_PROGRESS, State.SUBMITTED, State.CANNOT_BE_LABELLED},
        State.IN_PROGRESS: {State.SUBMITTED, State.CANNOT_BE_LABELLED},
        State.RETURNED: {State.SUBMITTED, State.CANNOT_BE_LABELLED},
        State.SUBMITTED: {State.ACCEPTED, State.RETURNED},
        State.CANNOT_BE_LABELLED: {State.ACCEPTED, State.RETURNED},
        State.ACCEPTED: {State.RETURNED},
    }
    OPEN = (State.WAITING, State.IN_PROGRESS, State.RETURNED)
    DONE = (State.SUBMITTED, State.ACCEPTED, State.CANNOT_BE_LABELLED)

    image = models.ForeignKey("projects.Image", on_delete=models.PROTECT, related_name="annotations")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MEMBER)
    member = models.ForeignKey(
        "projects.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="annotations"
    )
    round = models.PositiveSmallIntegerField(default=1)
    transform = models.PositiveSmallIntegerField(default=0, help_text="Display only; labels are stored upright.")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    cannot_reason = models.CharField(max_length=20, choices=CannotReason, blank=True)
    comment = models.TextField(max_length=2000, blank=True)
    intended = models.JSONField(
        default=list, blank=True, help_text="Holes and specks that are meant to be: value, x, y, pixels of each."
    )
    head = models.PositiveIntegerField("revision", default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["member", "position"]
        constraints = [
            models.UniqueConstraint(fields=["image", "member", "kind", "round"], name="annotation_once"),
            models.UniqueConstraint(
                fields=["image", "kind", "round"], condition=Q(member=None), name="annotation_once_without_member"
            ),
            models.CheckConstraint(
                condition=Q(kind="member", member__isnull=False) | (~Q(kind="member") & Q(member=None)),
                name="annotation_member_iff_kind_member",
            ),
        ]

    def __str__(self):
        return f"{self.image} by {self.author}"

    @property
    def author(self) -> str:
        """Whose labels these are, in words."""
        return self.member.user.username if self.member else self.get_kind_display()

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Revision(models.Model):
    """One save of an annotation. Never changed afterwards."""

    class Kind(models.TextChoices):
        AUTOSAVE = "autosave"
        CHECKPOINT = "checkpoint"
        GROUND_TRUTH = "ground_truth", "ground truth"
        CORRECTION = "correction"
        RESTORE = "restore"
        IMPORT = "import"

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    parent = models.PositiveIntegerField(help_text="The revision this one was made from; 0 is the empty start.")
    sources = models.JSONField(default=list, blank=True)
    instructions_version = models.PositiveIntegerField()
    activity = models.JSONField(default=dict, blank=True)
    saved_sha256 = models.CharField(max_length=64)
    saved_at = models.DateTimeField(default=timezone.now)
    idempotency_key = models.CharField(max_length=64)
    request_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["annotation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["annotation", "idempotency_key"], name="revision_idempotency_key_once"),
        ]

    def __str__(self):
        return f"revision {self.number} of {self.annotation}"


class LabelTile(models.Model):
    """One tile that a revision changed: its blob in the `labels` store, or none where it was cleared."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="tiles")
    plane = models.PositiveSmallIntegerField()
    column = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    blob = models.CharField(  # noqa: DJ001  (null and empty text would both mean "cleared"; only null is ever written)
        max_length=64, null=True, help_text="SHA-256 of the stored PNG; null where cleared."
    )
    size = models.PositiveIntegerField(default=0, help_text="Bytes of the stored PNG.")
    pixels_sha256 = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the 512 × 512 decoded bytes.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "plane", "column", "row"], name="label_tile_once"),
        ]

    def __str__(self):
        return f"plane {self.plane}, column {self.column}, row {self.row}"


class HeadTile(models.Model):
    """The current tile at a place, moved in the transaction of the save: revision 1,000 reads like revision 1."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="head_tiles")
    plane = models.PositiveSmallIntegerField()
    column = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    tile = models.ForeignKey(LabelTile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation", "plane", "column", "row"], name="head_tile_once"),
        ]

    def __str__(self):
        return f"plane {self.plane}, column {self.column}, row {self.row}"
