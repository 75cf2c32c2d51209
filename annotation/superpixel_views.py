"""Superpixel maps on request: computed once in a worker, kept in the `cache` store, checked before they are sent."""

import hashlib
import json
import logging
import threading
from dataclasses import astuple, dataclass
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from annotation import workers
from annotation.imaging.superpixels import Algorithm, ParameterError, get_algorithm
from annotation.imaging.superpixels.maps import DamagedMap, Region, count_segments, superpixel_png
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from annotation.reading import STORE_ERRORS
from projects.models import Image
from projects.permissions import Capability, get_image

MAX_SIDE_PX = 2048
RETRY_SECONDS = 2
logger = logging.getLogger(__name__)
_locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_locks_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class MapRequest:
    """What a map depends on."""

    image: Image
    region: Region
    algorithm: Algorithm
    values: dict[str, int | float]

    @property
    def key(self) -> str:
        """The same for the same pixels, whichever image or project they belong to."""
        algorithm = self.algorithm.name, self.algorithm.version, self.values
        parts = self.image.pixels_sha256, astuple(self.region), algorithm
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """The name of the map in the `cache` store."""
        return f"superpixels/{self.key}.png"


@require_safe
def superpixels(request: PersonRequest, pk: int, algorithm: str) -> HttpResponse:
    image = get_image(request.user, pk, Capability.SEE)
    try:
        wanted = read_request(image, algorithm, request.GET.dict())
        etag = quote_etag(wanted.key)
        response = get_conditional_response(request, etag=etag)
        if response is None:
            png, segments = superpixel_map(wanted)
            response = HttpResponse(png, content_type="image/png", headers={"X-Segments": segments, "ETag": etag})
    except ParameterError as error:
        return JsonResponse({"error": str(error)}, status=400)
    except WorkerTimeout:
        return unavailable("The calculation took too long. Try fewer or larger segments, or a smaller region.")
    except WorkerOutOfMemory:
        return unavailable("The calculation needs too much memory. Try a smaller region.")
    except (WorkerBusy, WorkerDied):
        return unavailable("The server is busy. Please try again in a moment.", retry=True)
    except STORE_ERRORS:
        logger.exception("The pixels of image %s cannot be read.", image.pk)
        return unavailable("The pixels of this image cannot be read at the moment. Please tell the administrator.")
    response["Cache-Control"] = "private, no-cache"
    return response


def unavailable(sentence: str, retry: bool = False) -> JsonResponse:
    headers = {"Retry-After": str(RETRY_SECONDS)} if retry else None
    return JsonResponse({"error": sentence}, status=503, headers=headers)


def read_request(image: Image, algorithm: str, query: dict[str, str]) -> MapRequest:
    """Check everything that was asked for; raise ParameterError with a sentence about the first thing wrong."""
    chosen = get_algorithm(algorithm)
    region = read_region(query, image.grid_width, image.grid_height)
    return MapRequest(image, region, chosen, chosen.clean(dict(query)))


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


def superpixel_map(wanted: MapRequest) -> tuple[bytes, int]:
    """Return the map as a PNG and the number of its segments, from the cache or computed now, once per process."""
    found = kept_map(wanted)
    if found:
        return found
    with _locks_guard:
        lock = _locks.setdefault(wanted.key, threading.Lock())
    if not lock.acquire(timeout=settings.SUPERPIXEL_SECONDS):
        raise WorkerBusy("Somebody else's request for the same map takes too long.")
    try:
        return kept_map(wanted) or compute_map(wanted)
    finally:
        lock.release()


def kept_map(wanted: MapRequest) -> tuple[bytes, int] | None:
    """Return the map from the cache, or None if it is not there or damaged."""
    try:
        with storages["cache"].open(wanted.name) as file:
            png = file.read()
        return png, count_segments(png, wanted.region.width, wanted.region.height)
    except FileNotFoundError:
        return None
    except (DamagedMap, *STORE_ERRORS) as error:
        logger.warning("The superpixel map %s is computed again: %s", wanted.key, error)
        return None


def compute_map(wanted: MapRequest) -> tuple[bytes, int]:
    with storages["images"].open(wanted.image.pixels_name) as file:
        image = file.read()
    arguments = image, wanted.region, wanted.algorithm.name, wanted.values
    png = workers.run(superpixel_png, *arguments, seconds=settings.SUPERPIXEL_SECONDS)
    try:
        storages["cache"].save(wanted.name, ContentFile(png))
    except STORE_ERRORS as error:
        logger.warning("The superpixel map %s could not be kept: %s", wanted.key, error)
    return png, count_segments(png, wanted.region.width, wanted.region.height)
