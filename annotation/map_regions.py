"""Which superpixel maps an image is asked for, and with which values.

The editor decides the same in static/js/core/region.js and sizing.js; a test compares the two, because a map made
beforehand helps only if it is the very one that the editor asks for.
"""

import math
from collections.abc import Mapping

from annotation.imaging.superpixels import Algorithm, Value
from annotation.imaging.superpixels.maps import Region

WHOLE_PX = 2048  # an image that fits is one region
SIDE_PX = 1024  # of the regions of larger ones


def is_grid(width: int, height: int) -> bool:
    """Tell whether an image of this size is divided into several regions."""
    return max(width, height) > WHOLE_PX


def regions_of(width: int, height: int) -> list[Region]:
    """Return the regions that cover an image of this size, row by row."""
    if not is_grid(width, height):
        return [Region(0, 0, width, height)]
    return [
        Region(x, y, min(SIDE_PX, width - x), min(SIDE_PX, height - y))
        for y in range(0, height, SIDE_PX)
        for x in range(0, width, SIDE_PX)
    ]


def values_for(algorithm: Algorithm, values: Mapping[str, Value], width: int, height: int) -> dict[str, Value]:
    """Return the values that the regions of an image are asked for, from those that a person chose.

    A number of segments is meant for the whole image. The regions of a large one are asked for by the size that
    follows from it, or that was chosen, as nearly as regions can share a grid of it. With a size the number has its
    default, since it plays no part.
    """
    asked = dict(values)
    if algorithm.count is None or (not values["size"] and not is_grid(width, height)):
        return asked
    parameters = {parameter.name: parameter for parameter in algorithm.parameters}
    if is_grid(width, height):
        size, count = parameters["size"], float(values[algorithm.count])
        side = seamless(float(values["size"]) or math.sqrt(width * height / count))
        asked["size"] = min(max(side, size.off_below or 0), size.maximum or math.inf)
    asked[algorithm.count] = parameters[algorithm.count].default
    return asked


def seamless(side: float) -> int:
    """Return a side near this one that regions can share a grid of at several scales: their segments meet at seams."""
    step = min(max(2 ** math.floor(math.log2(side / 8)), 1), 8)
    return math.floor(side / step + 0.5) * step


def values_for_part(
    algorithm: Algorithm, values: Mapping[str, Value], part: Region, width: int, height: int
) -> dict[str, Value]:
    """Return the values by which a part of an image has segments as large as they are in the whole of it."""
    if algorithm.count is None or values["size"]:
        return dict(values)
    least = next(parameter.minimum or 0 for parameter in algorithm.parameters if parameter.name == algorithm.count)
    share = part.width * part.height / (width * height)
    return {**values, algorithm.count: max(least, round(float(values[algorithm.count]) * share))}
