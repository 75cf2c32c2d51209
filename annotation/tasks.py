"""Superpixel maps made before anybody asks for them."""

import logging
from dataclasses import dataclass

from django_tasks import task

from annotation.imaging.superpixels import Algorithm, Value
from annotation.imaging.workers import WorkerError
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
def warm_superpixels(image_id: int) -> None:
    """Make the maps that the editor will ask for first. Running twice does no harm."""
    image = Image.objects.select_related("project").get(pk=image_id)
    warm(image, *default_setting(image.project.superpixel_defaults))


def warm(image: Image, algorithm: Algorithm, values: dict[str, Value]) -> Warmed:
    """Make every map of an image with its tree, those that are kept excepted; one that fails stops no other."""
    warmed = Warmed()
    asked = values_for(algorithm, values, image.grid_width, image.grid_height)
    for region in regions_of(image.grid_width, image.grid_height):
        wanted = MapRequest(image, region, algorithm, asked)
        if kept_map(wanted, TREE):
            warmed.kept += 1
            continue
        try:
            get_map(wanted, TREE)
            warmed.made += 1
        except (WorkerError, ValueError, *STORE_ERRORS) as error:
            warmed.failed += 1
            logger.warning("No %s map of image %s, %s: %r", algorithm.label, image.pk, region, error)
    return warmed
