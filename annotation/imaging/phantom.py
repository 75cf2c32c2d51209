"""A generated field of H&E-like tissue whose truth is known: for the demo, tests and benchmarks.

Glands, their nuclei and the collagen between them are drawn as concentrations of haematoxylin and eosin, mixed by
Beer and Lambert's law, blurred by the "microscope" and given the noise of a camera.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

EPITHELIUM, STROMA, LUMEN, NUCLEI, BACKGROUND = 1, 2, 3, 4, 5
PHANTOM_CATEGORIES = [
    (EPITHELIUM, "Epithelium", "#009E73"),
    (STROMA, "Stroma", "#56B4E9"),
    (LUMEN, "Lumen", "#F0E442"),
    (NUCLEI, "Nuclei", "#D55E00"),
    (BACKGROUND, "Background", "#0072B2"),
]

# Optical density of one unit of stain in R, G, B. Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250.
HAEMATOXYLIN = np.array([0.5626, 0.7201, 0.4062], np.float32)
EOSIN = np.array([0.2159, 0.8012, 0.5581], np.float32)
GLASS = np.array([243, 241, 244], np.float32)

GLAND_SPACING_PX = 190
NUCLEUS_PATCH_PX = 27  # every nucleus fits


@dataclass(frozen=True, slots=True)
class Glands:
    """Ellipses in a plane that is bent afterwards; every field has one entry a gland, lengths in pixels."""

    y: np.ndarray
    x: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    angle: np.ndarray


@dataclass(frozen=True, slots=True)
class Nuclei:
    """Ellipses with the haematoxylin they hold; every field has one entry a nucleus, lengths in pixels."""

    y: np.ndarray
    x: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    angle: np.ndarray
    stain: np.ndarray


def tissue_phantom(rows: int, cols: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a field of view and say what each pixel is.

    Parameters
    ----------
    rows, cols : int
        Size in pixels; one pixel stands for about 0.5 µm.
    seed : int
        The same seed gives the same pixels.

    Returns
    -------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    truth : (rows, cols) uint8 ndarray
        1 epithelium, 2 stroma, 3 lumen, 4 nuclei, 5 background; see `PHANTOM_CATEGORIES`.
    """
    rng = np.random.default_rng(seed)
    shape = rows, cols
    bend = np.stack([9 * smooth_noise(rng, shape, 38) for _ in "yx"])
    glands = place_glands(rng, shape)
    depth = depth_in_glands(shape, glands, bend)
    truth = tissue_types(rng, shape, depth)
    nuclei = [epithelial_nuclei(rng, glands, bend), stromal_nuclei(rng, truth, depth)]
    haematoxylin, eosin = stain_tissue(rng, truth, depth)
    stamp = np.maximum(stamp_nuclei(truth, nuclei[0], EPITHELIUM), stamp_nuclei(truth, nuclei[1], STROMA))
    nuclear = stamp > 0.45
    truth[nuclear] = NUCLEI
    chromatin = 1 + 0.28 * fine_noise(rng, shape, 1.3)
    haematoxylin = haematoxylin * (1 - np.minimum(stamp, 1)) + stamp * chromatin
    return photograph(rng, haematoxylin, eosin * (1 - 0.35 * np.minimum(stamp, 1))), truth


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], length_px: float) -> np.ndarray:
    """Noise of mean 0 and deviation about 1 that changes over `length_px`, interpolated from a coarse lattice."""
    lattices = [int(np.ceil(size / length_px)) + 5 for size in shape]
    weights = []
    for size, knots in zip(shape, lattices, strict=True):
        distance = np.arange(size, dtype=np.float32)[:, None] / length_px - (np.arange(knots, dtype=np.float32) - 2)
        weight = np.exp(-(distance**2) / 0.9)
        weights.append(weight / np.sqrt((weight**2).sum(1, keepdims=True)))
    values = rng.standard_normal(lattices).astype(np.float32)
    return weights[0] @ values @ weights[1].T


def fine_noise(rng: np.random.Generator, shape: tuple[int, int], sigma) -> np.ndarray:
    """White noise blurred by a Gaussian of `sigma` pixels, scaled to deviation about 1."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), sigma, mode="wrap", truncate=3)
    return noise * np.float32(np.prod(np.sqrt(2 * np.sqrt(np.pi) * np.broadcast_to(sigma, 2))))


def place_glands(rng: np.random.Generator, shape: tuple[int, int]) -> Glands:
    """Put a gland near each knot of a staggered grid that reaches beyond the picture on all sides."""
    knots_y, knots_x = (int(np.ceil(size / GLAND_SPACING_PX)) + 2 for size in shape)
    y, x = np.mgrid[0:knots_y, 0:knots_x].astype(np.float32)
    x += 0.5 * (y % 2)
    start = rng.uniform(-0.9, -0.4, 2)
    count = y.size
    major = rng.uniform(66, 96, count)
    return Glands(
        y=(y.ravel() + start[0]) * GLAND_SPACING_PX + rng.uniform(-16, 16, count),
        x=(x.ravel() + start[1]) * GLAND_SPACING_PX + rng.uniform(-16, 16, count),
        major=major,
        minor=major * rng.uniform(0.62, 0.95, count),
        angle=rng.uniform(0, np.pi, count),
    )


def depth_in_glands(shape: tuple[int, int], glands: Glands, bend: np.ndarray) -> np.ndarray:
    """Distance in pixels from the rim of the nearest gland: positive inside, negative outside (at least −60)."""
    depth = np.full(shape, -60, np.float32)
    for i in range(len(glands.y)):
        reach = glands.major[i] + 95
        top, left = (max(0, int(centre - reach)) for centre in (glands.y[i], glands.x[i]))
        window = np.s_[top : max(0, int(glands.y[i] + reach)), left : max(0, int(glands.x[i] + reach))]
        part = depth[window]
        if not part.size:
            continue
        y = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] + bend[0][window] - glands.y[i]
        x = np.arange(left, left + part.shape[1], dtype=np.float32) + bend[1][window] - glands.x[i]
        cos, sin = np.float32(np.cos(glands.angle[i])), np.float32(np.sin(glands.angle[i]))
        along, across = (x * cos + y * sin) / glands.major[i], (y * cos - x * sin) / glands.minor[i]
        np.maximum(part, (1 - np.sqrt(along**2 + across**2)) * glands.minor[i], out=part)
    return depth


def tissue_types(rng: np.random.Generator, shape: tuple[int, int], depth: np.ndarray) -> np.ndarray:
    """Say for each pixel which tissue it is; nuclei come later."""
    truth = np.full(shape, STROMA, np.uint8)
    truth[depth > 0] = EPITHELIUM
    truth[depth > 31 + 5 * smooth_noise(rng, shape, 17)] = LUMEN
    edge = rng.uniform(0, 2 * np.pi)
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape)
    beyond = y[:, None] * np.sin(edge) + x * np.cos(edge)
    beyond += 0.16 * smooth_noise(rng, shape, max(shape) / 5) + 0.012 * smooth_noise(rng, shape, 14)
    truth[beyond > np.quantile(beyond, 0.93)] = BACKGROUND
    return truth


def epithelial_nuclei(rng: np.random.Generator, glands: Glands, bend: np.ndarray) -> Nuclei:
    """Line nuclei up along the base of each gland, their long axis towards its middle; some lie a row higher."""
    turns, owners = [], []
    for i, major in enumerate(glands.major):
        count = int(2 * np.pi * 0.85 * major / 11.5)
        turns.append((np.arange(count) + rng.uniform(-0.22, 0.22, count)) * 2 * np.pi / count)
        owners.append(np.full(count, i))
    turn, owner = np.concatenate(turns), np.concatenate(owners)
    depth = np.where(rng.random(turn.size) < 0.22, 21, 11) + rng.normal(0, 2, turn.size)
    minor, major = glands.minor[owner], glands.major[owner]
    shrink = 1 - depth / minor
    along, across = np.cos(turn) * major * shrink, np.sin(turn) * minor * shrink
    cos, sin = np.cos(glands.angle[owner]), np.sin(glands.angle[owner])
    flat_y, flat_x = glands.y[owner] + along * sin + across * cos, glands.x[owner] + along * cos - across * sin
    # The normal of the ellipse, not the ray from its centre: nuclei stand upright on the base.
    normal_along, normal_across = np.cos(turn) * minor, np.sin(turn) * major
    angle = np.arctan2(normal_along * sin + normal_across * cos, normal_along * cos - normal_across * sin)
    y, x = unbend(flat_y, flat_x, bend)
    return Nuclei(
        y=y,
        x=x,
        major=rng.normal(8.2, 0.9, turn.size).clip(6, 11),
        minor=rng.normal(4.7, 0.5, turn.size).clip(3.4, 6),
        angle=angle + rng.normal(0, 0.16, turn.size),
        stain=rng.normal(1.45, 0.2, turn.size).clip(0.9, 2),
    )


def unbend(flat_y: np.ndarray, flat_x: np.ndarray, bend: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the pixels that the bending carries to (flat_y, flat_x), by two steps of fixed-point iteration."""
    y, x = flat_y, flat_x
    for _ in range(2):
        at = tuple(np.clip(np.rint(p), 0, size - 1).astype(int) for p, size in zip((y, x), bend.shape[1:], strict=True))
        y, x = flat_y - bend[0][at], flat_x - bend[1][at]
    return y, x


def stromal_nuclei(rng: np.random.Generator, truth: np.ndarray, depth: np.ndarray) -> Nuclei:
    """Scatter spindle-shaped nuclei of fibroblasts along the fibres and round, dark lymphocytes in loose groups."""
    rows, cols = truth.shape
    count = rows * cols // 420
    y, x = rng.uniform(0, rows, count), rng.uniform(0, cols, count)
    at = y.astype(int), x.astype(int)
    crowd = smooth_noise(rng, truth.shape, 70)[at]
    keep = (truth[at] == STROMA) & (depth[at] < -7) & (rng.random(count) < 0.45 + 0.3 * crowd)
    y, x, crowd, at = y[keep], x[keep], crowd[keep], (at[0][keep], at[1][keep])
    slope = [ndimage.sobel(depth, axis)[at] for axis in (0, 1)]
    lymphocyte = rng.random(y.size) < 0.2 + 0.3 * (crowd > 0.8)
    return Nuclei(
        y=y,
        x=x,
        major=np.where(lymphocyte, rng.normal(4.6, 0.4, y.size), rng.normal(8.6, 1.5, y.size)).clip(3, 12),
        minor=np.where(lymphocyte, rng.normal(4.2, 0.3, y.size), rng.normal(2.7, 0.4, y.size)).clip(1.8, 5),
        angle=np.arctan2(-slope[1], slope[0]) + rng.normal(0, 0.3, y.size),
        stain=np.where(lymphocyte, 1.9, 1.35) + rng.normal(0, 0.15, y.size),
    )


def stamp_nuclei(truth: np.ndarray, nuclei: Nuclei, inside: int) -> np.ndarray:
    """Draw the nuclei whose centre lies on the tissue `inside`, as haematoxylin with a soft rim, 0 elsewhere."""
    rows, cols = truth.shape
    half = NUCLEUS_PATCH_PX // 2
    whole = np.rint(nuclei.y).astype(int), np.rint(nuclei.x).astype(int)
    padded = np.pad(truth, half + 1)
    at = tuple(np.clip(p + half + 1, 0, size + 2 * half + 1) for p, size in zip(whole, (rows, cols), strict=True))
    keep = padded[at] == inside
    y, x, major, minor, angle, stain = (
        getattr(nuclei, field)[keep, None, None].astype(np.float32) for field in Nuclei.__slots__
    )
    offset = np.arange(-half, half + 1)
    row, col = at[0][keep, None, None] + offset[:, None], at[1][keep, None, None] + offset
    dy, dx = row - half - 1 - y, col - half - 1 - x
    cos, sin = np.cos(angle), np.sin(angle)
    radius = np.sqrt(((dx * cos + dy * sin) / major) ** 2 + ((dy * cos - dx * sin) / minor) ** 2)
    ink = stain * np.clip((1 - radius) * minor + 0.5, 0, 1) * (0.82 + 0.18 * np.minimum(radius, 1) ** 3)
    canvas = np.zeros(padded.shape, np.float32)
    np.maximum.at(canvas, (row + 0 * col, col + 0 * row), ink.astype(np.float32))
    canvas[padded == BACKGROUND] = 0
    return canvas[half + 1 : half + 1 + rows, half + 1 : half + 1 + cols]


def stain_tissue(rng: np.random.Generator, truth: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Concentrations of haematoxylin and eosin everywhere but in the nuclei."""
    shape = truth.shape
    uneven = 1 + 0.1 * smooth_noise(rng, shape, 160)
    grain, cloud = fine_noise(rng, shape, 1.6), smooth_noise(rng, shape, 11)
    fibres = collagen(rng, depth)
    pale = np.clip((depth - 14) / 16, 0, 1)  # mucin fills the cells towards the lumen
    eosin = np.zeros(shape, np.float32)
    haematoxylin = np.zeros(shape, np.float32)
    for tissue, pink, blue in (
        (EPITHELIUM, 0.52 - 0.2 * pale + 0.05 * cloud + 0.035 * grain, 0.27 - 0.13 * pale + 0.02 * grain),
        (STROMA, 0.36 + 0.105 * fibres + 0.025 * grain + 0.03 * cloud, 0.07 + 0.02 * cloud),
        (LUMEN, 0.035 + 0.05 * np.maximum(cloud - 0.9, 0), 0.02 + 0.03 * np.maximum(cloud - 0.9, 0)),
    ):
        where = truth == tissue
        eosin = np.where(where, pink * uneven, eosin)
        haematoxylin = np.where(where, blue * uneven, haematoxylin)
    return np.maximum(haematoxylin, 0), np.maximum(eosin, 0)


def collagen(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Wavy bundles that run around the glands, with clefts between them: about −1.6 (cleft) to 1.5."""
    rows, cols = depth.shape
    texture = 0.75 * fine_noise(rng, (512, 512), (1.3, 9)) + 0.6 * fine_noise(rng, (512, 512), (3, 16))
    around = ndimage.zoom(ndimage.gaussian_filter(depth[::4, ::4], 4), 4, order=1, grid_mode=True, mode="nearest")
    around = np.pad(around, 3, mode="edge")[:rows, :cols]
    y, x = np.arange(rows, dtype=np.float32)[:, None], np.arange(cols, dtype=np.float32)
    across = 0.4 * y + 30 * smooth_noise(rng, depth.shape, 90) + 2.5 * smooth_noise(rng, depth.shape, 22) - around
    along = x + 0.6 * y + 30 * smooth_noise(rng, depth.shape, 130)
    bundles = ndimage.map_coordinates(texture, np.stack([across, along]), order=1, mode="grid-wrap")
    return np.clip(bundles, -1.6, 1.5) - 0.9 * np.clip(-bundles - 1.1, 0, 0.6)


def photograph(rng: np.random.Generator, haematoxylin: np.ndarray, eosin: np.ndarray) -> np.ndarray:
    """Mix the stains as optical densities, blur as a lens does, add the camera's noise."""
    image = np.empty((*haematoxylin.shape, 3), np.float32)
    for channel in range(3):
        density = haematoxylin * HAEMATOXYLIN[channel] + eosin * EOSIN[channel]
        light = ndimage.gaussian_filter(GLASS[channel] * np.exp(-density), 0.75, truncate=3)
        image[..., channel] = light + rng.standard_normal(light.shape, np.float32) * 2.2
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
