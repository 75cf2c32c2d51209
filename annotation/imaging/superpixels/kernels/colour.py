"""From RGB bytes to the planes that the algorithms compare: CIELAB, luminance, blurred RGB."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

_level = np.arange(256) / 255
LINEAR = np.where(_level <= 0.04045, _level / 12.92, ((_level + 0.055) / 1.055) ** 2.4).astype(np.float32)
STEPS = 4096
_t = np.arange(STEPS + 2) / STEPS
CUBE_ROOT = np.where(_t > 0.008856, np.cbrt(_t), 7.787 * _t + 16 / 116).astype(np.float32)


def lab_planes(image: np.ndarray) -> np.ndarray:
    """Convert to CIELAB (sRGB, D65, 2°).

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray

    Returns
    -------
    (3, rows, cols) float32 ndarray
        L in 0…100, a and b in about −100…100; within 0.01 of `skimage.color.rgb2lab`.
    """
    planes = np.empty((3, *image.shape[:2]), np.float32)
    _lab(np.ascontiguousarray(image), LINEAR, CUBE_ROOT, planes)
    return planes


@kernel
def _root(cube_root, value):
    place = value * np.float32(STEPS)
    step = min(np.int32(place), np.int32(STEPS))
    return cube_root[step] + (place - np.float32(step)) * (cube_root[step + 1] - cube_root[step])


@kernel
def _lab(image, linear, cube_root, planes):
    rows, cols = image.shape[:2]
    for y in range(rows):
        for x in range(cols):
            r, g, b = linear[image[y, x, 0]], linear[image[y, x, 1]], linear[image[y, x, 2]]
            # The rows of the sRGB matrix, divided by the white point 0.95047, 1, 1.08883.
            fx = _root(cube_root, np.float32(0.433953) * r + np.float32(0.376219) * g + np.float32(0.189828) * b)
            fy = _root(cube_root, np.float32(0.212671) * r + np.float32(0.715160) * g + np.float32(0.072169) * b)
            fz = _root(cube_root, np.float32(0.017758) * r + np.float32(0.109477) * g + np.float32(0.872765) * b)
            planes[0, y, x] = np.float32(116) * fy - np.float32(16)
            planes[1, y, x] = np.float32(500) * (fx - fy)
            planes[2, y, x] = np.float32(200) * (fy - fz)


@kernel
def luminance(image):
    """Return brightness as (rows, cols) float32 in 0…1, with the weights of `skimage.color.rgb2gray`."""
    rows, cols = image.shape[:2]
    out = np.empty((rows, cols), np.float32)
    for y in range(rows):
        for x in range(cols):
            out[y, x] = (
                np.float32(0.2125 / 255) * np.float32(image[y, x, 0])
                + np.float32(0.7154 / 255) * np.float32(image[y, x, 1])
                + np.float32(0.0721 / 255) * np.float32(image[y, x, 2])
            )
    return out


@kernel
def _blur_rows(image, weights, out):
    """Correlate each column's values down the rows; the border repeats its mirror image."""
    rows, cols = image.shape
    radius = len(weights) // 2
    for y in range(rows):
        line = out[y]
        line[:] = np.float32(0)
        for k in range(-radius, radius + 1):
            at = (y + k) % (2 * rows)
            source = image[at if at < rows else 2 * rows - 1 - at]
            weight = weights[k + radius]
            for x in range(cols):
                line[x] += weight * np.float32(source[x])


def blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a (rows, cols) plane by a Gaussian of `sigma` pixels, into float32."""
    offsets = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    weights = np.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    down = np.empty(plane.shape, np.float32)
    _blur_rows(np.ascontiguousarray(plane), weights, down)
    across = np.empty(plane.shape[::-1], np.float32)
    _blur_rows(np.ascontiguousarray(down.T), weights, across)
    return np.ascontiguousarray(across.T)
