"""Superpixel maps made before anybody asks for them."""

import logging
from dataclasses import dataclass

from django_tasks import task

from annotation import workers
from annotation.imaging.superpixels import Algorithm, Value
from annotation.imaging.workers import WorkerError, WorkerTimeout
from annotation.map_regions import regions_of, values_for
from annotation.reading import STORE_ERRORS
from annotation.superpixel_maps import TREE, MapRequest, default_setting, get_map, kept_map
from projects.models import Image

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Warmed:
    """How many maps of an image were made now, were there already, could not be made."""

    made: int = 0
    kept: int = 0
    failed: int = 0


@task(priority=-10)  # after tiles, without which an image cannot be opened
def warm_superpixels(image_id: int, first: int = 0) -> None:
    """Make one of the maps that the editor will ask for first, and leave the next one to a task of its own.

    So what is urgent never waits for more than one map. An image of which a map takes too long is given up. Running
    twice does no harm.
    """
    workers.wait_until_ready()
    image = Image.objects.select_related("project").get(pk=image_id)
    maps = maps_of(image, *default_setting(image.project.superpixel_defaults))
    missing = (index for index in range(first, len(maps)) if not kept_map(maps[index], TREE))
    index = next(missing, None)
    if index is None:
        return
    error = make(maps[index])
    if index + 1 < len(maps) and not isinstance(error, WorkerTimeout):
        warm_superpixels.enqueue(image_id, index + 1)


def warm(image: Image, algorithm: Algorithm, values: dict[str, Value]) -> Warmed:
    """Make every map of an image with its tree, those that are kept excepted; one that fails stops no other."""
    warmed = Warmed()
    for wanted in maps_of(image, algorithm, values):
        if kept_map(wanted, TREE):
            warmed.kept += 1
        elif make(wanted) is None:
            warmed.made += 1
        else:
            warmed.failed += 1
    return warmed


def maps_of(image: Image, algorithm: Algorithm, values: dict[str, Value]) -> list[MapRequest]:
    """Return the maps of all regions that the editor asks for with these values."""
    width, height = image.grid_width, image.grid_height
    asked = values_for(algorithm, values, width, height)
    return [MapRequest(image, region, algorithm, asked) for region in regions_of(width, height)]


def make(wanted: MapRequest) -> Exception | None:
    """Make a map and its tree; return what went wrong, which is logged."""
    try:
        get_map(wanted, TREE)
    except (WorkerError, ValueError, *STORE_ERRORS) as error:
        logger.warning("No %s map of image %s, %s: %r", wanted.algorithm.label, wanted.image.pk, wanted.region, error)
        return error
    return None
