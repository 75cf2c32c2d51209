"""Images coming in, their place in the order, and their pixels going out: whole, as thumbnail, as tiles."""

import logging
from collections.abc import Callable

from django import forms
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import VIEWED, record_daily
from accounts.requests import PersonRequest
from annotation import workers
from annotation.answers import answers_json
from annotation.imaging.pyramid import TILES, level_tiles
from annotation.imaging.sources import make_thumbnail
from annotation.imaging.workers import WorkerError
from labeler.storage import STORE_ERRORS
from projects.forms import ImageForm
from projects.ingest import IngestError, ingest_image, place_images
from projects.models import Image
from projects.permissions import Capability, get_image, get_project
from projects.tasks import is_tiled, kept, local_copy, read_tiles, thumbnail_name, tile_name

logger = logging.getLogger(__name__)


class UploadForm(ImageForm):
    """What comes beside an uploaded file."""

    id = None  # type: ignore[assignment]  # Django's way to drop a field
    position = forms.IntegerField(
        min_value=0, max_value=1_000_000, error_messages={"required": "The position of the image is missing."}
    )
    name = forms.CharField(required=False, max_length=4096)


@require_POST
@answers_json
def image_upload(request: PersonRequest, pk: int) -> HttpResponse:
    project = get_project(request.user, pk, Capability.ADD)
    form, file = UploadForm(request.POST), request.FILES.get("file")
    if file is None:
        return JsonResponse({"error": "No file arrived. Choose the image again."}, status=400)
    if not form.is_valid():
        return JsonResponse({"error": next(iter(form.errors.values()))[0]}, status=400)
    try:
        image = ingest_image(project=project, file=file, by=request.user, **form.cleaned_data)
    except IngestError as error:
        return _refusal(error)
    facts = {"id": image.pk, "name": image.name, "width": image.width, "height": image.height}
    return JsonResponse(facts | {"report": image.ingest_report}, status=201)


@require_POST
@answers_json
def images_place(request: PersonRequest, pk: int) -> HttpResponse:
    project = get_project(request.user, pk, Capability.ADD)
    try:
        return JsonResponse({"placed": place_images(project=project, by=request.user)})
    except IngestError as error:
        return _refusal(error)


@require_safe
def image_pixels(request: PersonRequest, pk: int) -> HttpResponseBase:
    image = get_image(request.user, pk, Capability.SEE)
    record_daily(VIEWED, image, actor=request.user)
    return _answer(request, image.pixels_sha256, "image/png", lambda: storages["images"].open(image.pixels_name))


@require_safe
def image_thumbnail(request: PersonRequest, pk: int) -> HttpResponseBase:
    image = get_image(request.user, pk, Capability.SEE)
    etag = f"{image.pixels_sha256}-thumbnail"
    return _answer(request, etag, "image/jpeg", lambda: ContentFile(_thumbnail(image, request.user.pk)))


@require_safe
def image_tile(request: PersonRequest, pk: int, level: int, column: int, row: int) -> HttpResponseBase:
    image = get_image(request.user, pk, Capability.SEE)
    columns, rows = level_tiles(image.width, image.height, level)
    if not is_tiled(image) or column >= columns or row >= rows:
        raise Http404
    record_daily(VIEWED, image, actor=request.user)
    etag = f"{image.pixels_sha256}-{level}-{column}-{row}"
    name = tile_name(image, level, column, row)
    return _answer(request, etag, "image/jpeg", lambda: ContentFile(_tile(image, name, request.user.pk)))


def _answer(request: PersonRequest, etag: str, content_type: str, open_file: Callable[[], File]) -> HttpResponseBase:
    """Send what `open_file` gives, or 304 to a browser that has it; the caller has checked the permission."""
    quoted = quote_etag(etag)
    response: HttpResponseBase | None = get_conditional_response(request, etag=quoted)
    if response is None:
        try:
            response = FileResponse(open_file(), content_type=content_type)
        except WorkerError:
            error = "The server is busy preparing images. Try again in a moment."
            return JsonResponse({"error": error}, status=503, headers={"Retry-After": "5"})
        except OSError:
            logger.exception("A stored picture is missing or damaged.")
            error = "These pixels are missing or damaged. Please tell your administrator."
            return JsonResponse({"error": error}, status=404)
    response.headers["ETag"] = quoted
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _thumbnail(image: Image, owner: int) -> bytes:
    name = thumbnail_name(image)
    thumbnail = kept(name)
    if thumbnail is None:
        with local_copy(image) as path:
            thumbnail = workers.run(make_thumbnail, str(path), seconds=30, owner=owner)
        try:
            storages["cache"].save(name, ContentFile(thumbnail))
        except STORE_ERRORS as error:
            logger.warning("The thumbnail of image %s could not be kept: %s", image.pk, error)
    return thumbnail


def _tile(image: Image, name: str, owner: int) -> bytes:
    [tile] = read_tiles(image, TILES, [name], owner)
    return tile


def _refusal(error: IngestError) -> JsonResponse:
    headers = {"Retry-After": "30"} if error.status == 503 else {}
    return JsonResponse({"error": str(error)}, status=error.status, headers=headers)
