"""The fit meter over HTTP: how well superpixels could reproduce what the member has painted in a window."""

import numpy as np
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.requests import PersonRequest
from annotation import workers
from annotation.answers import answers_json, no_result
from annotation.assignment import Refused
from annotation.forms import FitForm
from annotation.imaging.png import TILE_MAX_BYTES, TILE_PX, InvalidTile, decode_label_tile
from annotation.imaging.superpixels import fit
from annotation.imaging.superpixels.maps import Region
from annotation.imaging.workers import WorkerError
from projects.models import IGNORE, UNLABELLED, Image
from projects.permissions import Capability, get_annotation
from projects.pixels import pieces

MAX_BYTES = TILE_MAX_BYTES + 10_000  # a label tile and what a form adds
SECONDS = 10


@csrf_exempt  # checked in `measure`, once it is known that the body may be read at all
@require_POST
@answers_json
def annotation_fit(request: PersonRequest, pk: int) -> HttpResponse:
    """Measure algorithms and settings against a painted window of one's own annotation."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise Refused(f"What is sent to be measured has at most {MAX_BYTES:,} bytes.", 413)
    return measure(request, pk)


@csrf_protect
def measure(request: PersonRequest, pk: int) -> HttpResponse:
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    form = FitForm(request.POST, request.FILES)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Refused(f"`{field}`: {errors[0]}", 400)
    window, labels = read_window(annotation.image, **form.cleaned_data)
    try:
        fit.check_painted(labels)
        owner, background = request.user.pk, request.GET.get("background") == "1"
        arguments = pieces(annotation.image, window, owner=owner, background=background), window, labels.tobytes()
        settings = workers.run(fit.measure, *arguments, seconds=SECONDS, owner=owner, background=background)
    except fit.TooLittlePainted as error:
        raise Refused(str(error), 422) from error
    except WorkerError as error:
        return no_result(error)
    labelled = int(np.count_nonzero(labels))
    return JsonResponse({"settings": settings, "best": fit.best(settings), "labelled": labelled})


def read_window(image: Image, tile, x: int, y: int) -> tuple[Region, np.ndarray]:
    """Return the window, clipped to the image, and its labels; what is to be ignored counts as unlabelled."""
    if x >= image.grid_width or y >= image.grid_height:
        size = f"{image.grid_width} × {image.grid_height} pixels"
        raise Refused(f"The window must begin within the image, which has {size}.", 400)
    values = image.project.categories.values_list("value", flat=True)
    try:
        pixels = decode_label_tile(tile.read(), frozenset({UNLABELLED, IGNORE, *values}))
    except InvalidTile as error:
        raise Refused(str(error), 400) from error
    width, height = min(TILE_PX, image.grid_width - x), min(TILE_PX, image.grid_height - y)
    if pixels[height:].any() or pixels[:, width:].any():
        raise Refused("The tile has labels outside the image; they must be 0 there.", 400)
    labels = pixels[:height, :width].copy()
    labels[labels == IGNORE] = UNLABELLED
    return Region(x, y, width, height), labels
