"""Projects, their categories, members and images. Who may do what with them is written in `permissions`."""

import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from annotation.imaging.archive import name_key

UNLABELLED, IGNORE = 0, 255


def new_key() -> str:
    """A random name under which an image is stored; it says nothing about the patient or the file."""
    return secrets.token_hex(16)


class Project(models.Model):
    """A set of images, the categories to label them with, and the people who do."""

    class AreaUnit(models.TextChoices):
        PX = "px", "px"
        UM2 = "um2", "µm²"

    creator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="created_projects")
    name = models.CharField(max_length=120)
    description = models.TextField(max_length=2000, blank=True)
    instructions = models.TextField("labelling instructions", max_length=20_000, blank=True)
    instructions_version = models.PositiveIntegerField(default=1, editable=False)
    protocol = models.ForeignKey(
        "accounts.Protocol", on_delete=models.PROTECT, null=True, blank=True, related_name="projects"
    )
    superpixel_defaults = models.JSONField(default=dict, blank=True)
    label_every_pixel = models.BooleanField(
        default=False, help_text="A ground truth with unlabelled pixels is not accepted."
    )
    smallest_region = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1e-6)],
        help_text="A ground truth with smaller holes or specks is not accepted, unless they are intended.",
    )
    smallest_region_unit = models.CharField(max_length=3, choices=AreaUnit, default=AreaUnit.PX)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                F("creator"),
                Lower("name"),
                name="project_name_per_creator",
                violation_error_message="You have a project of this name already.",
            )
        ]

    def __str__(self):
        return self.name


class Category(models.Model):
    """One class of a project. Its value is what masks carry and never changes; retire or merge, never delete."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="categories")
    value = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(254)])
    name = models.CharField(max_length=80)
    color = models.CharField("colour", max_length=7, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z")])
    position = models.PositiveSmallIntegerField(default=0)
    description = models.TextField(max_length=2000, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")

    class Meta:
        ordering = ["position", "value"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["project", "value"], name="category_value_per_project"),
            models.UniqueConstraint(
                F("project"),
                Lower("name"),
                name="category_name_per_project",
                violation_error_message="This project has a category of this name already.",
            ),
            models.CheckConstraint(condition=Q(value__gte=1, value__lte=254), name="category_value_1_to_254"),
        ]

    def __str__(self):
        return self.name


class MembershipQuerySet(models.QuerySet):
    def active(self):
        return self.filter(removed_at=None)


class Membership(models.Model):
    """A person's role in a project. Removing sets `removed_at`; adding again revives the same row."""

    class Role(models.TextChoices):
        CREATOR = "creator"
        REVIEWER = "reviewer"
        ANNOTATOR = "annotator"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.ANNOTATOR)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["added_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(role="creator"), name="membership_one_creator_per_project"
            ),
        ]

    def __str__(self):
        return f"{self.user} in {self.project}"


class Access(Membership):
    """A membership as IRB staff look at it: who sees what, since when, by whose word and until when."""

    class Meta:
        proxy = True
        app_label = "accounts"  # where IRB staff work; they hold no right over projects
        default_permissions = ()
        verbose_name = "access"
        verbose_name_plural = "who can see what"


class ImageQuerySet(models.QuerySet):
    def placed(self):
        """Images that have their place in the order, whether or not their tiles are made yet."""
        return self.exclude(status=Image.Status.UPLOADED)


class Image(models.Model):
    """One thing to label. Its pixels lie in the `images` store under `key`; the upload itself was not kept."""

    class Kind(models.TextChoices):
        FIELD = "field", "field of view"
        SLIDE = "slide", "whole slide"

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "not yet placed in the order"
        PREPARING = "preparing", "tiles are being made"
        READY = "ready"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="images")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    name_key = models.CharField(max_length=400, editable=False)
    case = models.CharField(max_length=80, blank=True, help_text="A pseudonym of the patient, never a name.")
    um_per_px = models.FloatField("µm/px", null=True, blank=True, validators=[MinValueValidator(1e-6)])
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    grid_width = models.PositiveIntegerField()
    grid_height = models.PositiveIntegerField()
    grid_downsample = models.FloatField(default=1)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIELD)
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    upload_sha256 = models.CharField(max_length=64, editable=False)
    pixels_sha256 = models.CharField(max_length=64, editable=False)
    exif_orientation = models.PositiveSmallIntegerField(default=1)
    ingest_report = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["project", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "position"], condition=~Q(status="uploaded"), name="image_place_in_project"
            ),
            models.UniqueConstraint(
                fields=["project", "name_key"],
                name="image_name_per_project",
                violation_error_message="This project has an image of this name already.",
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.name_key = name_key(self.name)
        super().save(*args, **kwargs)

    @property
    def pixels_name(self) -> str:
        """The name of the clean copy in the `images` store."""
        return f"{self.key}/image.png"
