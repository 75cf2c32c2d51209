"""Superpixel maps and their trees over HTTP: twin addresses with the same query; see `superpixel_maps`."""

import logging

from django.http import HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from annotation.answers import UNREADABLE, answers_json, no_result
from annotation.imaging.superpixels import ParameterError, check_implementation, get_algorithm
from annotation.imaging.superpixels.maps import Region
from annotation.imaging.workers import WorkerError
from annotation.reading import STORE_ERRORS
from annotation.superpixel_maps import PNG, TREE, MapRequest, get_map
from projects.models import Image
from projects.permissions import Capability, get_image

MAX_SIDE_PX = 2048
HEADERS: dict[str, dict[str, str]] = {
    PNG: {"Content-Type": "image/png"},
    TREE: {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"},
}
logger = logging.getLogger(__name__)


@require_safe
@answers_json
def superpixels(request: PersonRequest, pk: int, algorithm: str) -> HttpResponse:
    """Answer the map of a region as a grey PNG of segment numbers."""
    return answer(request, pk, algorithm, PNG)


@require_safe
@answers_json
def superpixel_tree(request: PersonRequest, pk: int, algorithm: str) -> HttpResponse:
    """Answer how the segments of that map merge; see `imaging.superpixels.tree` for the format."""
    return answer(request, pk, algorithm, TREE)


def answer(request: PersonRequest, pk: int, algorithm: str, twin: str) -> HttpResponse:
    image = get_image(request.user, pk, Capability.SEE)
    query = request.GET.dict()
    background = query.pop("background", "") == "1"
    try:
        wanted = read_request(image, algorithm, query)
        etag = quote_etag(f"{wanted.key}.{twin}")
        response = get_conditional_response(request, etag=etag)
        if response is None:
            data, segments = get_map(wanted, twin, owner=request.user.pk, background=background)
            response = HttpResponse(data, headers=HEADERS[twin] | {"X-Segments": str(segments), "ETag": etag})
    except ParameterError as error:
        return JsonResponse({"error": str(error)}, status=400)
    except WorkerError as error:
        return no_result(error)
    except (ValueError, *STORE_ERRORS):
        logger.exception("The pixels of image %s cannot be read.", image.pk)
        return JsonResponse({"error": UNREADABLE}, status=503)
    response["Cache-Control"] = "private, no-cache"
    return response


def read_request(image: Image, algorithm: str, query: dict[str, str]) -> MapRequest:
    """Check everything that was asked for; raise ParameterError with a sentence about the first thing wrong."""
    chosen = get_algorithm(algorithm)
    implementation = query.pop("implementation", "numba")
    check_implementation(implementation)
    region = read_region(query, image.grid_width, image.grid_height)
    return MapRequest(image, region, chosen, chosen.clean(query), implementation)


def read_region(query: dict[str, str], grid_width: int, grid_height: int) -> Region:
    """Take x, y, width and height out of `query`; what is missing reaches to the edge of the label grid."""
    try:
        x, y = int(query.pop("x", 0)), int(query.pop("y", 0))
        width, height = int(query.pop("width", grid_width - x)), int(query.pop("height", grid_height - y))
    except ValueError:
        raise ParameterError("x, y, width and height of a region must be whole numbers of pixels.") from None
    if not (0 <= x < x + width <= grid_width and 0 <= y < y + height <= grid_height):
        raise ParameterError(f"The region must lie within the image, which has {grid_width} × {grid_height} pixels.")
    if max(width, height) > MAX_SIDE_PX:
        raise ParameterError(f"A region may have at most {MAX_SIDE_PX:,} × {MAX_SIDE_PX:,} pixels; choose a part.")
    return Region(x, y, width, height)
