"""SLIC: k-means clusters of colour and place on a grid of centres."""

import numpy as np

from annotation.imaging.superpixels.parameters import Algorithm, Parameter, grid

COARSE_ITERATIONS = 8
FINE_ITERATIONS = 2
SPARE_CELLS = 1.06  # some cells dissolve while fragments join; the smallest that remain too many join last


def slic(image: np.ndarray, n_segments: int = 1000, compactness: float = 20.0) -> np.ndarray:
    """Divide an image into compact segments of similar size.

    Eight iterations on the image of half size settle the centres, two at full size the borders. Fragments under a
    quarter of a cell then join the neighbour of nearest mean colour.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    n_segments : int
        How many segments; fewer where the image has not enough pixels.
    compactness : float
        Weight of place against colour, in units of CIELAB: a high value gives square segments, a low one segments
        that follow colour. Explore it on a logarithmic scale.

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Achanta et al. 2012, doi:10.1109/TPAMI.2012.120.
    """
    from annotation.imaging.superpixels.kernels import colour, regions
    from annotation.imaging.superpixels.kernels.slic import halve, iterate

    planes = colour.lab_planes(image)
    rows, cols = image.shape[:2]
    grid_rows, grid_cols = grid(rows, cols, n_segments * SPARE_CELLS)
    cell = rows * cols / (grid_rows * grid_cols)
    weight = compactness**2 / cell
    centres = _centres(planes, grid_rows, grid_cols)
    labels = np.empty((rows, cols), np.uint16)
    fine = FINE_ITERATIONS
    if rows >= 4 * grid_rows and cols >= 4 * grid_cols:
        half = halve(planes)
        centres[:, 3:] = centres[:, 3:] / 2 - 0.25
        for _ in range(COARSE_ITERATIONS):
            iterate(half, grid_rows, grid_cols, centres, np.float32(4 * weight), labels, False)
        centres[:, 3:] = centres[:, 3:] * 2 + 0.5
    else:
        fine += COARSE_ITERATIONS
    for step in range(1, fine + 1):
        iterate(planes, grid_rows, grid_cols, centres, np.float32(weight), labels, step == fine)
    return regions.join_small(labels, planes, min_size=int(cell / 4), count=n_segments)


def _centres(planes: np.ndarray, grid_rows: int, grid_cols: int) -> np.ndarray:
    """Return a centre for the middle of each cell: (cells, 5) float32 of L, a, b, y, x."""
    rows, cols = planes.shape[1:]
    y = (np.arange(grid_rows, dtype=np.float32) + 0.5) * rows / grid_rows
    x = (np.arange(grid_cols, dtype=np.float32) + 0.5) * cols / grid_cols
    centres = np.empty((grid_rows, grid_cols, 5), np.float32)
    centres[..., :3] = planes[:, y.astype(int)][:, :, x.astype(int)].transpose(1, 2, 0)
    centres[..., 3] = y[:, None] - 0.5
    centres[..., 4] = x - 0.5
    return centres.reshape(-1, 5)


ALGORITHM = Algorithm(
    name="slic",
    label="SLIC",
    version="numba-1",
    run=slic,
    parameters=[
        Parameter("n_segments", "Number of segments", "int", 1000, 10, 20_000, 10, "", "More segments are smaller."),
        Parameter(
            "compactness", "Compactness", "float", 20, 1, 100, 1, "", "High gives squares, low follows the colours."
        ),
    ],
    coarser="Lower the number of segments.",
    reference="Achanta et al. 2012, doi:10.1109/TPAMI.2012.120",
)
