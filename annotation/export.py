"""Masks out: a ZIP of indexed PNGs with a manifest, streamed in flat memory and the same bytes for the same labels."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header

from accounts.audit import record
from accounts.requests import PersonRequest
from annotation.activity import active_until
from annotation.imaging.archive import csv_line, distinct, mask_names, safe_cell, safe_name, zip_stream
from annotation.imaging.png import encode_indexed_rows
from annotation.models import LABELS, Annotation, Revision
from annotation.reading import Damaged, StoredTile, plane_bands, read_blob, tiles_at
from projects.models import IGNORE, Category, Image, Project

State, Kind = Annotation.State, Revision.Kind
SUBMITTED_KINDS = (Kind.GROUND_TRUTH, Kind.CORRECTION)
CHECKPOINT_KINDS = (Kind.CHECKPOINT, Kind.RESTORE)  # what a person chose to keep
KEPT_KINDS = (*SUBMITTED_KINDS, *CHECKPOINT_KINDS)
IMAGES_AT_ONCE = 50
IGNORE_COLOR = (128, 128, 128)
CATEGORY_COLUMNS = ("project", "project_id", "value", "name", "colour", "retired", "merged_into")
MANIFEST_COLUMNS = (
    "project",
    "project_id",
    "image",
    "case",
    "um_per_px",
    "member",
    "state",
    "revision",
    "saved_at",
    "width",
    "height",
    "upload_sha256",
    "pixels_sha256",
    "mask",
    "mask_sha256",
    "cannot_reason",
    "cannot_comment",
    "active_seconds",
)


def is_aside(annotation: Annotation) -> bool:
    """Tell whether the member said that the image cannot be labelled; that holds when it was accepted, too."""
    return annotation.state == State.CANNOT_BE_LABELLED or bool(annotation.cannot_reason)


@dataclass(frozen=True)
class Choice:
    """What is asked for: which images (None for all), and which labels beside those of submitted annotations."""

    images: frozenset[int] | None
    returned: bool
    checkpoints: bool

    def kinds(self, annotation: Annotation) -> tuple[str, ...]:
        """Return the kinds of revision of which the last one is exported."""
        if is_aside(annotation):
            return ()
        if annotation.is_open and self.checkpoints:
            return KEPT_KINDS
        if annotation.state in (State.SUBMITTED, State.ACCEPTED):
            return SUBMITTED_KINDS
        return SUBMITTED_KINDS if annotation.state == State.RETURNED and self.returned else ()


@dataclass(frozen=True)
class Item:
    """A line of the manifest: an annotation with the revision its mask is made of, or set aside and without one."""

    annotation: Annotation
    revision: int | None
    saved_at: datetime | None
    tiles: list[StoredTile]
    active_ms: int = 0


class ProjectMasks:
    """What one project contributes to an export."""

    def __init__(self, project: Project, choice: Choice, *, alone: bool):
        self.project = project
        self.choice = choice
        self.folder = top_folder(safe_name(project.name) if alone else f"{safe_name(project.name)}-{project.pk}")
        self.categories = list(project.categories.select_related("merged_into").order_by("value"))
        images = list(project.images.placed().order_by("position").values_list("pk", "name"))
        # Names come of all images and members of the project, so that an image has the same one in every export.
        self.masks = {pk: name for (pk, _), name in zip(images, mask_names([name for _, name in images]), strict=True)}
        members = list(project.memberships.order_by("user__username").values_list("pk", "user__username"))
        folders = distinct([(safe_name(username),) for _, username in members])
        self.members: dict[int | None, str] = {pk: folder for (pk, _), folder in zip(members, folders, strict=True)}

    def in_words(self) -> str:
        """Return what is exported, as the audit trail keeps it; without numbers it is all images there are."""
        chosen = {"submitted": True, "returned": self.choice.returned, "checkpoints": self.choice.checkpoints}
        words = ", ".join(name for name, on in chosen.items() if on)
        if self.choice.images is None:
            return words
        return f"{words}; images {', '.join(str(pk) for pk in self.masks if pk in self.choice.images)}"

    def items(self) -> Iterator[Item]:
        """Yield what is exported by image, then by member, reading a few images at a time."""
        images = [pk for pk in self.masks if self.choice.images is None or pk in self.choice.images]
        for start in range(0, len(images), IMAGES_AT_ONCE):
            yield from self.items_of(images[start : start + IMAGES_AT_ONCE])

    def items_of(self, images: list[int]) -> Iterator[Item]:
        annotations = list(
            Annotation.objects.filter(image__in=images, kind=Annotation.Kind.MEMBER, round=1)
            .exclude(state=State.WAITING)
            .select_related("image", "member__user")
            .order_by("image__position", "member__user__username")
        )
        revisions = self.chosen_revisions(annotations)
        numbers = {pk: number for pk, (number, _) in revisions.items()}
        tiles, active_ms = tiles_at(numbers, LABELS), active_until(numbers)
        for annotation in annotations:
            if annotation.pk in revisions:
                yield Item(annotation, *revisions[annotation.pk], tiles[annotation.pk], active_ms[annotation.pk])
            elif is_aside(annotation):
                yield Item(annotation, None, None, [])

    def chosen_revisions(self, annotations: list[Annotation]) -> dict[int, tuple[int, datetime]]:
        """Return the revision that is exported of each annotation: {annotation: (number, saved at)}."""
        kinds = {annotation.pk: self.choice.kinds(annotation) for annotation in annotations}
        kept = Revision.objects.filter(annotation__in=kinds, kind__in=KEPT_KINDS).order_by("number")
        last = {
            annotation: (number, saved_at, kind)
            for annotation, number, kind, saved_at in kept.values_list("annotation", "number", "kind", "saved_at")
            if kind in kinds[annotation]
        }
        # A ground truth that was returned is not wanted by who asks for checkpoints only.
        rejected = set()
        if not self.choice.returned:
            rejected = {annotation.pk for annotation in annotations if annotation.state == State.RETURNED}
        return {
            annotation: (number, saved_at)
            for annotation, (number, saved_at, kind) in last.items()
            if annotation not in rejected or kind in CHECKPOINT_KINDS
        }

    def mask_path(self, annotation: Annotation) -> str:
        return f"{self.folder}/{self.members[annotation.member_id]}/{self.masks[annotation.image_id]}"

    def category_lines(self) -> Iterator[bytes]:
        for category in self.categories:
            merged = category.merged_into and final(category, self.categories).value
            retired = "yes" if category.retired_at else "no"
            facts = (category.value, category.name, category.color, retired, merged)
            yield csv_line((self.project.name, self.project.pk, *facts))

    def manifest_line(self, item: Item, mask_sha256: str | None) -> bytes:
        annotation, image = item.annotation, item.annotation.image
        aside = is_aside(annotation)
        return csv_line(
            (
                self.project.name,
                self.project.pk,
                image.name,
                image.case,
                image.um_per_px,
                annotation.author,
                annotation.state,
                item.revision,
                item.saved_at and item.saved_at.isoformat(),
                image.grid_width,
                image.grid_height,
                image.upload_sha256,
                image.pixels_sha256,
                mask_sha256 and self.mask_path(annotation),
                mask_sha256,
                annotation.cannot_reason if aside else "",
                annotation.comment if aside else "",
                None if item.revision is None else round(item.active_ms / 1000),
            )
        )


def top_folder(name: str) -> str:
    """Keep a folder apart from our own files beside it, and from what a spreadsheet takes for a formula."""
    ours = name.casefold() in ("categories.csv", "manifest.csv")
    return f"_{name}" if ours or safe_cell(name) != name else name


def final(category: Category, categories: list[Category]) -> Category:
    """Follow `merged_into` to the category whose value is exported."""
    by_pk = {each.pk: each for each in categories}
    passed = set()
    while category.merged_into_id and category.pk not in passed:
        passed.add(category.pk)
        category = by_pk[category.merged_into_id]
    return category


def palette(categories: list[Category]) -> list[tuple[int, int, int]]:
    """Return 256 colours: that of a category at its value, black for what is unlabelled, grey for what is ignored."""
    colors = [(0, 0, 0)] * 256
    colors[IGNORE] = IGNORE_COLOR
    for category in categories:
        red, green, blue = bytes.fromhex(category.color[1:])
        colors[category.value] = (red, green, blue)
    return colors


def merging(categories: list[Category]) -> np.ndarray:
    """Return the exported value of each stored one, as (256,) uint8."""
    values = np.arange(256, dtype=np.uint8)
    for category in categories:
        values[category.value] = final(category, categories).value
    return values


def mask_png(image: Image, tiles: list[StoredTile], categories: list[Category]) -> Iterator[bytes]:
    """Yield the mask of an image as the pieces of an indexed PNG, in the memory of 512 rows."""
    exported = merging(categories)
    bands = (exported[band] for band in plane_bands(image, tiles))
    return encode_indexed_rows(image.grid_width, image.grid_height, palette(categories), bands)


def hashed(pieces: Iterable[bytes], digest) -> Iterator[bytes]:
    """Pass pieces on, adding each to `digest`."""
    for piece in pieces:
        digest.update(piece)
        yield piece


def plan(
    projects: Iterable[Project], images: Iterable[Image] | None, returned: bool, checkpoints: bool
) -> list[ProjectMasks]:
    projects = sorted(projects, key=lambda project: project.pk)
    choice = Choice(None if images is None else frozenset(image.pk for image in images), returned, checkpoints)
    return [ProjectMasks(project, choice, alone=len(projects) == 1) for project in projects]


def masks_zip(
    projects: Iterable[Project], images: Iterable[Image] | None = None, returned=False, checkpoints=False
) -> Iterator[bytes]:
    """Yield the ZIP. A tile that is missing or damaged raises `Damaged`, after which no ZIP looks whole."""
    return zip_stream(files(plan(projects, images, returned, checkpoints)))


def files(parts: list[ProjectMasks]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the files of the ZIP; the manifest comes last, since it holds the digests of the masks."""
    lines = [csv_line(CATEGORY_COLUMNS), *(line for part in parts for line in part.category_lines())]
    yield "categories.csv", lines
    manifest = [csv_line(MANIFEST_COLUMNS)]
    for part in parts:
        for item in part.items():
            digest = None
            if item.revision is not None:
                digest = hashlib.sha256()
                pieces = mask_png(item.annotation.image, item.tiles, part.categories)
                yield part.mask_path(item.annotation), hashed(pieces, digest)
            manifest.append(part.manifest_line(item, digest.hexdigest() if digest else None))
    yield "manifest.csv", manifest


def check_stored(parts: list[ProjectMasks]) -> int:
    """Return how many lines the manifest will have; raise `Damaged` if a tile is not whole, before a byte is sent.

    Every tile is read twice for that, here and for its mask. But a download that broke off could not say why.
    """
    lines = 0
    for part in parts:
        for item in part.items():
            lines += 1
            for tile in item.tiles:
                read_blob(item.annotation.image, tile)
    return lines


def export_response(
    request: PersonRequest,
    projects: Iterable[Project],
    images: Iterable[Image] | None = None,
    returned=False,
    checkpoints=False,
) -> HttpResponseBase:
    """Return the download, or a page that says why there is none.

    The caller has checked that the person may export from each of these projects.
    """
    parts = plan(projects, images, returned, checkpoints)
    try:
        lines = check_stored(parts)
    except Damaged as damaged:
        return refused_page(request, f"{damaged} Ask the administrator to restore it from a backup.")
    if not lines:
        return refused_page(request, "Nothing has been submitted yet. Include checkpoints, or come back later.")
    with transaction.atomic():
        for part in parts:
            record("masks exported", part.project, actor=request.user, new=part.in_words())
    name = f"{parts[0].folder}-masks.zip" if len(parts) == 1 else "masks.zip"
    headers = {
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "private, no-store",
        "X-Accel-Buffering": "no",
    }
    return StreamingHttpResponse(zip_stream(files(parts)), content_type="application/zip", headers=headers)


def refused_page(request: PersonRequest, sentence: str) -> HttpResponse:
    return render(request, "annotation/export_refused.html", {"sentence": sentence}, status=409)
