"""SLIC: k-means clusters of colour and place on a grid of centres."""

import math
from collections.abc import Mapping

import numpy as np

from annotation.imaging.superpixels.parameters import (
    Algorithm,
    Parameter,
    Value,
    grid_edges,
    grid_halo,
    sigma_parameter,
    size_parameter,
    space_parameter,
)

COARSE_ITERATIONS = 8
FINE_ITERATIONS = 2
MIN_CELL_PX = 8  # of an image of half size, quarter size and so on
MAX_PERIOD_PX = 256
SPARE_CELLS = 1.02  # some cells dissolve, when the smallest regions join until the count is right


def slic(
    image: np.ndarray,
    n_segments: int = 1000,
    size: float = 0.0,
    compactness: float = 20.0,
    space: str = "lab",
    sigma: float = 0.0,
) -> np.ndarray:
    """Divide an image into compact segments of similar size.

    The centres settle on a pyramid: most iterations are done where cells are few pixels wide, some more at each finer
    scale, and at full size every pixel is assigned once. What hangs together is then a region; the smallest join the
    neighbour of nearest mean colour until the number is right, or, with a `size`, those under a quarter of a cell do.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    n_segments : int
        How many segments; fewer where the image has not enough pixels.
    size : float
        Instead of a number of segments, unless it is 0: the side in pixels of the cells they start from, which begin
        at the first pixel.
    compactness : float
        Weight of place against colour, in units of CIELAB: a high value gives square segments, a low one segments
        that follow colour. Explore it on a logarithmic scale.
    space : str
        "lab" (CIELAB) or "stains" (haematoxylin, eosin, DAB).
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths the image first; 0 for none.

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Achanta et al. 2012, doi:10.1109/TPAMI.2012.120.
    """
    from annotation.imaging.superpixels.kernels import regions
    from annotation.imaging.superpixels.kernels.colour import colour_planes
    from annotation.imaging.superpixels.kernels.slic import assign

    planes = colour_planes(image, space, sigma)
    down, across = grid_edges(image.shape[:2], n_segments * SPARE_CELLS, size)
    cell = size**2 or image.shape[0] * image.shape[1] / ((len(down) - 1) * (len(across) - 1))
    weight = compactness**2 / cell
    centres = _settled(planes, down, across, weight, iterations=0)
    labels = np.empty(image.shape[:2], np.int32)
    assign(planes, down, across, centres, np.float32(weight), labels)
    if size:
        return regions.join_small(labels, planes, min_size=int(cell / 4), count=labels.size)
    return regions.join_small(labels, planes, min_size=1, count=n_segments)


def _settled(planes: np.ndarray, down: np.ndarray, across: np.ndarray, weight: float, iterations: int) -> np.ndarray:
    """Return the centres of the clusters: those of the image of half size, while cells are wide enough there, after
    some more iterations, else those of the grid after `COARSE_ITERATIONS`.
    """
    from annotation.imaging.superpixels.kernels.slic import halve, settle

    if min(np.median(np.diff(down)), np.median(np.diff(across))) >= 2 * MIN_CELL_PX:
        half = np.empty((3, planes.shape[1] // 2, planes.shape[2] // 2), np.float32)
        halve(planes, half)
        centres = _settled(half, down // 2, across // 2, 4 * weight, FINE_ITERATIONS)
        del half
        centres[:, 3:] = centres[:, 3:] * 2 + 0.5
    else:
        centres = _centres(planes, down, across)
        iterations = COARSE_ITERATIONS
    if iterations:
        pixels = np.empty((5, planes.shape[1] * planes.shape[2]), np.float32)
        settle(planes, down, across, centres, np.float32(weight), iterations, pixels)
    return centres


def _centres(planes: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Return a centre for the middle of each cell: (cells, 5) float32 of three colours, y and x."""
    y, x = ((edges[1:] + edges[:-1] - 1) / 2 for edges in (down, across))
    centres = np.empty((len(y), len(x), 5), np.float32)
    centres[..., :3] = planes[:, (y + 0.5).astype(int)][:, :, (x + 0.5).astype(int)].transpose(1, 2, 0)
    centres[..., 3] = y[:, None]
    centres[..., 4] = x
    return centres.reshape(-1, 5)


def reference(
    image: np.ndarray, n_segments: int, size: float, compactness: float, space: str, sigma: float
) -> np.ndarray:
    """Do the same with `skimage.segmentation.slic`; a `size` becomes the number of such squares in the image."""
    from skimage import segmentation

    from annotation.imaging.superpixels.reference import joined, stain_image

    if size:
        n_segments = max(1, round(image.shape[0] * image.shape[1] / size**2))
    if space == "lab":
        return joined(segmentation.slic(image, n_segments, compactness, sigma=sigma, start_label=0), image)
    stains = stain_image(image)
    scale = np.ptp(stains) or 1.0  # slic() itself stretches what it gets to 0…1
    labels = segmentation.slic(stains, n_segments, compactness / scale, sigma=sigma, convert2lab=False, start_label=0)
    return joined(labels, image)


def _halo(values: Mapping[str, Value]) -> int:
    return grid_halo(values, cells=4)  # the noise of one is felt so far through ten iterations; measured


def _period(values: Mapping[str, Value]) -> float:
    """Besides whole cells, windows have whole pixels of the smallest image in common, where that is not too rare."""
    size = float(values["size"])
    if not size:
        return 1.0
    step = 2 ** max(0, math.floor(math.log2(size / MIN_CELL_PX)))
    multiples = (size * cells for cells in range(1, math.floor(MAX_PERIOD_PX / size) + 1))
    return next((multiple for multiple in multiples if multiple % step == 0), size)


ALGORITHM = Algorithm(
    name="slic",
    label="SLIC",
    provenance=2,
    run=slic,
    reference_run=reference,
    version="numba-2",
    parameters=[
        Parameter(
            "n_segments",
            "Number of segments",
            "int",
            1000,
            10,
            20_000,
            10,
            "",
            "More segments are smaller.",
            scale="log",
        ),
        size_parameter(),
        Parameter(
            "compactness",
            "Compactness",
            "float",
            20,
            1,
            100,
            1,
            "",
            "High gives squares, low follows the colours.",
            scale="log",
        ),
        space_parameter(),
        sigma_parameter(),
    ],
    coarser="Lower the number of segments, or raise their size.",
    reference="Achanta et al. 2012, doi:10.1109/TPAMI.2012.120",
    halo=_halo,
    period=_period,
    count="n_segments",
)
