"""From RGB bytes to the planes that the algorithms compare: CIELAB, stains, RGB, luminance; blurred or not."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

_level = np.arange(256) / 255
LINEAR = np.where(_level <= 0.04045, _level / 12.92, ((_level + 0.055) / 1.055) ** 2.4).astype(np.float32)
STEPS = 4096
_t = np.arange(STEPS + 2) / STEPS
CUBE_ROOT = np.where(_t > 0.008856, np.cbrt(_t), 7.787 * _t + 16 / 116).astype(np.float32)

# Optical density of one unit of haematoxylin, eosin and DAB in R, G, B. Ruifrok and Johnston 2001, PMID 11531144.
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
STAIN_SCALE = 100.0  # units of one optical density: colours of tissue then lie about as far apart as in CIELAB
_density = -np.log10((np.arange(256) + 1) / 256)
_unmixing = np.linalg.inv(STAINS / np.linalg.norm(STAINS, axis=1, keepdims=True))
STAIN_PARTS = (STAIN_SCALE * _unmixing[:, None, :] * _density[:, None]).astype(np.float32)


def colour_planes(image: np.ndarray, space: str, sigma: float) -> np.ndarray:
    """Convert to a colour space and blur.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
    space : str
        "lab", "stains", "rgb" or "grey" (luminance in 0…1).
    sigma : float
        Standard deviation in pixels of the Gaussian; 0 for none.

    Returns
    -------
    (3, rows, cols) float32 ndarray
        (1, rows, cols) for grey.
    """
    planes = _converters[space](np.ascontiguousarray(image))
    if sigma:
        for plane in planes:
            plane[:] = blur(plane, sigma)
    return planes


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


def stain_planes(image: np.ndarray) -> np.ndarray:
    """Separate haematoxylin, eosin and DAB by colour deconvolution.

    Light is taken as (value + 1) / 256, so that white holds no stain and black a finite amount. Amounts may be
    negative where a colour is no mixture of the three.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray

    Returns
    -------
    (3, rows, cols) float32 ndarray
        Optical density of each stain times `STAIN_SCALE`.

    References
    ----------
    Ruifrok and Johnston 2001, Anal Quant Cytol Histol 23:291-299, PMID 11531144.
    """
    planes = np.empty((3, *image.shape[:2]), np.float32)
    _add_parts(np.ascontiguousarray(image), STAIN_PARTS, planes)
    return planes


def rgb_planes(image: np.ndarray) -> np.ndarray:
    """Return the channels as (3, rows, cols) float32 in 0…255."""
    return np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)


def grey_planes(image: np.ndarray) -> np.ndarray:
    """Return the luminance as (1, rows, cols) float32 in 0…1."""
    return luminance(np.ascontiguousarray(image))[None]


_converters = {"lab": lab_planes, "stains": stain_planes, "rgb": rgb_planes, "grey": grey_planes}


@kernel
def _add_parts(image, parts, planes):
    """Write for every pixel the sum of what its three values contribute to each plane: parts[channel, value]."""
    rows, cols = image.shape[:2]
    for y in range(rows):
        for x in range(cols):
            r, g, b = parts[0, image[y, x, 0]], parts[1, image[y, x, 1]], parts[2, image[y, x, 2]]
            for c in range(3):
                planes[c, y, x] = r[c] + g[c] + b[c]


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
