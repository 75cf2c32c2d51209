"""Arithmetic of the label grid: how many tiles it takes, what part of one lies inside, planes cut and put together."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from annotation.imaging.png import TILE_PX


def grid_shape(width: int, height: int) -> tuple[int, int]:
    """Return how many columns and rows of tiles cover a grid of `width` × `height` pixels."""
    return -(-width // TILE_PX), -(-height // TILE_PX)


def inside(column: int, row: int, width: int, height: int) -> tuple[int, int]:
    """Return how many pixels of the tile at (column, row) lie in the grid, as (pixel columns, pixel rows)."""
    return min(TILE_PX, width - column * TILE_PX), min(TILE_PX, height - row * TILE_PX)


def is_empty_outside(tile: np.ndarray, column: int, row: int, width: int, height: int) -> bool:
    """Tell whether the (512, 512) uint8 `tile` at (column, row) is 0 wherever it sticks out of the grid."""
    pixel_columns, pixel_rows = inside(column, row, width, height)
    return not tile[pixel_rows:].any() and not tile[:, pixel_columns:].any()


def bands(
    width: int, height: int, places: Iterable[tuple[int, int]], read: Callable[[int, int], np.ndarray]
) -> Iterator[np.ndarray]:
    """Put a whole label plane together, one row of tiles at a time, so that memory holds 512 rows whatever the height.

    Parameters
    ----------
    width, height : int
        Size of the label grid in pixels.
    places : iterable of (column, row)
        Where tiles exist; everywhere else the plane is 0.
    read : callable (column, row) -> (512, 512) uint8 ndarray
        Fetches one of them.

    Yields
    ------
    (≤ 512, width) uint8 ndarray
        The bands from the top, contiguous.
    """
    places = set(places)
    columns, rows = grid_shape(width, height)
    for row in range(rows):
        band = np.zeros((inside(0, row, width, height)[1], width), np.uint8)
        for column in range(columns):
            if (column, row) in places:
                part = band[:, column * TILE_PX : (column + 1) * TILE_PX]
                part[:] = read(column, row)[: part.shape[0], : part.shape[1]]
        yield band


def split(plane: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Cut a (height, width) uint8 plane into its full-size tiles, 0 outside the grid: {(column, row): tile}."""
    height, width = plane.shape
    columns, rows = grid_shape(width, height)
    padded = np.zeros((rows * TILE_PX, columns * TILE_PX), np.uint8)
    padded[:height, :width] = plane
    return {
        (column, row): np.ascontiguousarray(
            padded[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX]
        )
        for row in range(rows)
        for column in range(columns)
    }
