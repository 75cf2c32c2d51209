"""Superpixel maps with their merge trees: made once in a worker, kept in the `cache` store, checked when read."""

import hashlib
import json
import logging
from collections.abc import Hashable
from dataclasses import astuple, dataclass
from functools import cached_property

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from annotation import workers
from annotation.alone import Alone
from annotation.imaging.superpixels import Algorithm, ParameterError, Value, get_algorithm
from annotation.imaging.superpixels.maps import (
    DamagedMap,
    Region,
    check_tree,
    count_segments,
    superpixel_map,
    window_for,
)
from annotation.reading import STORE_ERRORS
from projects.models import Image
from projects.pixels import pieces

VERSION = 2  # of what maps and trees are made by, beside the algorithms: part of every key
PNG, TREE = "png", "tree"
logger = logging.getLogger(__name__)
alone = Alone(workers.places)


@dataclass(frozen=True)
class MapRequest:
    """What a map and its tree depend on; `values` are all parameters of the algorithm."""

    image: Image
    region: Region
    algorithm: Algorithm
    values: dict[str, Value]
    implementation: str = "numba"

    @cached_property
    def window(self) -> Region:
        """The region and the surroundings that its map depends on."""
        return window_for(self.region, self.image.grid_width, self.image.grid_height, self.algorithm, self.values)

    @cached_property
    def key(self) -> str:
        """The same for the same pixels, whichever image or project they belong to."""
        pixels = self.image.pixels_sha256, self.image.grid_width, self.image.grid_height
        computed = self.algorithm.name, self.algorithm.identity(self.implementation), self.values
        parts = VERSION, pixels, astuple(self.region), astuple(self.window), computed
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def name(self, twin: str) -> str:
        """The name of the map (PNG) or of its tree (TREE) in the `cache` store."""
        return f"superpixels/{self.key}.{twin}"


def get_map(wanted: MapRequest, twin: str, *, owner: Hashable = None, background: bool = False) -> tuple[bytes, int]:
    """Return the map or its tree and the number of segments, kept or made now, once per process and key.

    Raises
    ------
    ParameterError
        If the values give too many segments.
    WorkerError
        If the work could not be done; WorkerBusy at once where `background` work would keep anybody waiting.
    OSError and the other STORE_ERRORS, ValueError
        If the pixels cannot be read, or are not those of the image.
    """
    found = kept_map(wanted, twin)
    if found:
        return found
    with alone(wanted.key, seconds=settings.SUPERPIXEL_SECONDS, owner=owner, wait=not background):
        return kept_map(wanted, twin) or make_map(wanted, twin, owner, background)


def kept_map(wanted: MapRequest, twin: str) -> tuple[bytes, int] | None:
    """Return the map or its tree and the number of segments from the cache, or None if missing or damaged.

    A tree is good only beside its map, whose number of segments it must have.
    """
    try:
        data = read(wanted.name(PNG))
        segments = count_segments(data, wanted.region.width, wanted.region.height)
        if twin == TREE:
            data = read(wanted.name(TREE))
            check_tree(data, segments)
        return data, segments
    except FileNotFoundError:
        return None
    except (DamagedMap, *STORE_ERRORS) as error:
        logger.warning("The superpixel map %s is computed again: %s", wanted.key, error)
        return None


def read(name: str) -> bytes:
    with storages["cache"].open(name) as file:
        return file.read()


def make_map(wanted: MapRequest, twin: str, owner: Hashable = None, background: bool = False) -> tuple[bytes, int]:
    """Compute map and tree in a worker and keep both; errors are those of `get_map`."""
    pixels = pieces(wanted.image, wanted.window, owner=owner, background=background)
    where = pixels, wanted.window, wanted.region
    how = wanted.algorithm.name, wanted.implementation, wanted.values
    seconds = settings.SUPERPIXEL_SECONDS
    made = workers.run(superpixel_map, *where, *how, seconds=seconds, owner=owner, background=background)
    twins = {PNG: made.png, TREE: made.tree}
    try:
        for each, data in twins.items():
            storages["cache"].save(wanted.name(each), ContentFile(data))
    except STORE_ERRORS as error:
        logger.warning("The superpixel map %s could not be kept: %s", wanted.key, error)
    return twins[twin], made.segments


def default_setting(defaults: dict) -> tuple[Algorithm, dict[str, Value]]:
    """Return algorithm and values that a project starts with, from its `superpixel_defaults`.

    What the registry knows no more, or never knew, is passed over.
    """
    return setting(defaults.get("algorithm") or "slic", defaults)


def setting(name: str, defaults: dict) -> tuple[Algorithm, dict[str, Value]]:
    """Return an algorithm and the values that a project starts it with, else its own defaults."""
    try:
        algorithm = get_algorithm(name)
    except ParameterError:
        algorithm = get_algorithm("slic")
    try:
        return algorithm, algorithm.clean(defaults.get(algorithm.name) or {})
    except ParameterError:
        return algorithm, algorithm.clean({})
