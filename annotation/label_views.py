"""Labels in and out: loading a region at a revision, saving, and the revisions there were. Format: docs/saving.md."""

from collections.abc import Callable

import numpy as np
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from annotation.answers import answers_json
from annotation.assignment import Refused
from annotation.forms import DifferenceForm, LoadForm, PageForm
from annotation.history import check_number, differences, preview, restore_revision, revisions_before
from annotation.imaging.png import encode_grey, encode_label_tile
from annotation.models import LABELS, PROVENANCE, Annotation, Revision
from annotation.reading import Region, pack, read_blob, tiles_at
from annotation.saving import (
    answer,
    check_size,
    parse_save,
    read_expected_head,
    read_idempotency_key,
    save_revision,
)
from projects.permissions import Capability, get_annotation


def check_form(form: Form) -> None:
    """Refuse with the first thing wrong."""
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Refused(f"`{field}`: {errors[0]}", 400)


@require_safe
@answers_json
def labels_load(request: PersonRequest, pk: int, plane: int) -> HttpResponse:
    """Answer a region of a plane at a revision: see `reading.pack` for the format."""
    annotation = get_annotation(request.user, pk, Capability.SEE)
    if plane not in (LABELS, PROVENANCE):
        raise Http404
    form = LoadForm(request.GET)
    check_form(form)
    number = form.cleaned_data["revision"]
    number = annotation.head if number is None else number
    check_number(annotation, number)
    region = form.region()

    def labels() -> HttpResponse:
        tiles = tiles_at({annotation.pk: number}, plane, region)[annotation.pk]
        pngs = ((tile.column, tile.row, read_blob(annotation.image, tile)) for tile in tiles)
        return packed({"revision": number, "plane": plane}, pngs)

    return revalidated(request, f"{number}-{plane}", region, labels)


@csrf_exempt  # checked in `save`, once it is known that the body may be read at all
@require_http_methods(["GET", "HEAD", "POST"])
@answers_json
def revisions(request: PersonRequest, pk: int) -> HttpResponse:
    """List the revisions of an annotation, or save changed tiles as the next one of one's own."""
    if request.method == "POST":
        check_size(request)
        return save(request, pk)
    annotation = get_annotation(request.user, pk, Capability.SEE)
    form = PageForm(request.GET)
    check_form(form)
    listed = revisions_before(annotation, form.cleaned_data["before"])
    return JsonResponse({"head": annotation.head, "revisions": listed}, headers={"Cache-Control": "private, no-store"})


@csrf_protect
def save(request: PersonRequest, pk: int) -> HttpResponse:
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    parsed = parse_save(request, annotation.image)
    return saved(annotation, save_revision(annotation=annotation, by=request.user, save=parsed))


@require_safe
@answers_json
def revision_preview(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """Answer the labels of a revision at a glance: a small grey PNG of category values."""
    annotation = get_annotation(request.user, pk, Capability.SEE)
    check_number(annotation, number)
    etag = f'"{number}-preview"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        encode_grey(preview(annotation, number)), content_type="image/png"
    )
    return kept_by_browser(response, etag)


@require_POST
@answers_json
def revision_restore(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """Make the labels of an earlier revision the next one of one's own annotation."""
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    expected, key = read_expected_head(request), read_idempotency_key(request)
    revision = restore_revision(annotation=annotation, by=request.user, number=number, expected=expected, key=key)
    return saved(annotation, revision)


def saved(annotation: Annotation, revision: Revision) -> JsonResponse:
    told = answer(revision)
    if revision.kind == Revision.Kind.GROUND_TRUTH:
        told["next"] = reverse("label_next", args=[annotation.image.project_id])
    return JsonResponse(told, headers={"ETag": f'"{revision.number}"'})


@require_safe
@answers_json
def revisions_compare(request: PersonRequest, pk: int, first: int, second: int) -> HttpResponse:
    """Answer in how many pixels of each tile two revisions differ."""
    annotation, plane, region = read_comparison(request, pk, first, second)

    def counts() -> HttpResponse:
        tiles = [
            {"column": column, "row": row, "pixels": int(differs.sum())}
            for column, row, differs in differences(annotation, first, second, plane, region)
        ]
        pixels = sum(tile["pixels"] for tile in tiles)
        return JsonResponse({"first": first, "second": second, "plane": plane, "pixels": pixels, "tiles": tiles})

    return revalidated(request, f"{first}-{second}-{plane}-counts", region, counts)


@require_safe
@answers_json
def revisions_difference(request: PersonRequest, pk: int, first: int, second: int) -> HttpResponse:
    """Answer where two revisions differ, in the format of labels: 1 where they do, 0 elsewhere."""
    annotation, plane, region = read_comparison(request, pk, first, second)

    def tiles() -> HttpResponse:
        found = differences(annotation, first, second, plane, region)
        pngs = ((column, row, encode_label_tile(differs.astype(np.uint8))) for column, row, differs in found)
        return packed({"first": first, "second": second, "plane": plane}, pngs)

    return revalidated(request, f"{first}-{second}-{plane}", region, tiles)


def read_comparison(request: PersonRequest, pk: int, first: int, second: int) -> tuple[Annotation, int, Region]:
    annotation = get_annotation(request.user, pk, Capability.SEE)
    for number in (first, second):
        check_number(annotation, number)
    form = DifferenceForm(request.GET)
    check_form(form)
    return annotation, form.cleaned_data["plane"] or LABELS, form.region()


def packed(facts: dict, tiles) -> HttpResponse:
    return HttpResponse(pack(facts, tiles), content_type="application/octet-stream")


def revalidated(request: HttpRequest, name: str, region: Region, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer what `make` gives, or 304 to a browser that has it; revisions never change, so names stand for content."""
    etag = f'"{name}-{region.column}-{region.row}-{region.columns}-{region.rows}"'
    return kept_by_browser(get_conditional_response(request, etag=etag) or make(), etag)


def kept_by_browser(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
