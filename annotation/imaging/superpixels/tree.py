"""The merge tree of a superpixel map: how its segments become fewer and larger, and which may be of two tissues.

A binary partition tree: the two neighbouring regions whose merging adds least to the sum of squared differences of
colour become one, again and again. The editor cuts it at any height without asking the server again.

References
----------
Salembier and Garrido 2000 (binary partition trees), doi:10.1109/83.841934.
Ward 1963 (the cost), doi:10.1080/01621459.1963.10500845.
"""

import json
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from annotation.imaging.deflation import gzip_compress

ALARM_STEPS = 4  # a unit of `straddle` is a quarter of a ΔE
ALARM = 12 * ALARM_STEPS  # of the segments above it on phantoms, 72 to 83 % have a second tissue on a fifth of them
HEADER_MAX_BYTES = 4096
MAX_BYTES = 4_000_000  # 65,535 segments and four sides of 100,000 pixels need 1.5 million


class DamagedMap(ValueError):
    """The bytes are not, or no longer, the map or tree that was asked for."""


@dataclass(frozen=True, slots=True)
class MergeTree:
    """How n segments merge: node i < n is segment i, node n+i the result of merge i.

    Attributes
    ----------
    heights : (m,) float32 ndarray
        The costs, above 0 and strictly increasing; comparable between maps of one image.
    merges : (m, 2) uint16 ndarray
        A segment on either side of each merge.
    straddle : (n + m,) uint8 ndarray
        How much each node is of two colours, in quarters of a ΔE.
    """

    heights: np.ndarray
    merges: np.ndarray
    straddle: np.ndarray

    @property
    def segments(self) -> int:
        return len(self.straddle) - len(self.merges)


def merge_tree(image: np.ndarray, labels: np.ndarray, number: np.ndarray | None = None) -> MergeTree:
    """Build the tree of a map, or of a part of it.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    labels : (rows, cols) int32 ndarray
        Connected segments 0…n−1.
    number : (n,) int32 ndarray, optional
        The number of each segment in the part, −1 where it has none; there may be at most 65,535. Merges whose sides
        do not both reach into the part are left out, so that parts that overlap have nearly the same heights.
    """
    from annotation.imaging.superpixels.kernels import colour, regions, straddle, tree

    labels = np.ascontiguousarray(labels)
    if number is None:
        number = np.arange(int(labels.max()) + 1, dtype=np.int32)
    first, left = regions.find_runs(labels)
    size, mean, alarm = straddle.measure(colour.lab_planes(image), labels, first, left, len(number))
    rows = np.repeat(np.arange(len(labels)), np.diff(first))
    pairs = regions.contacts(first, left, labels[rows, left], labels.shape[1])
    children, cost, alarms = tree.merge_all(size, mean, alarm, pairs)
    kept, merges = tree.restrict(children, number)
    inside = np.flatnonzero(number >= 0)
    order = inside[np.argsort(number[inside])]
    steps = np.rint(alarms[np.concatenate([order, len(number) + kept])] * ALARM_STEPS)
    return MergeTree(increasing(cost)[kept], merges, np.minimum(steps, 255).astype(np.uint8))


def increasing(cost: np.ndarray) -> np.ndarray:
    """Return costs as float32 above 0, each at least the next number after the one before."""
    # As whole numbers, the bits of floats that are not negative have the order of the floats, without gaps.
    bits = np.maximum(cost.astype(np.float32).view(np.int32).astype(np.int64), 1)
    at = np.arange(len(bits))
    return (np.maximum.accumulate(bits - at) + at).astype(np.int32).view(np.float32)


def encode_tree(tree: MergeTree, beyond: dict[str, np.ndarray]) -> bytes:
    """Write a tree as it travels.

    The file is gzip of: H as uint32 | H bytes of JSON, padded with spaces to a multiple of 4 | heights float32[m] |
    merges uint16[2m] | of each side in the header's order: uint16 for each pixel along it | straddle uint8[n+m].
    All numbers are little-endian. The same tree gives the same bytes.

    Parameters
    ----------
    tree : MergeTree
    beyond : dict of str to ndarray
        For "left", "right", "top", "bottom", as far as the image goes on there: the segment of each pixel just outside,
        65,535 if it is none of this map.
    """
    sides = list(beyond)
    facts = {"segments": tree.segments, "merges": len(tree.merges), "beyond": sides, "alarm": ALARM}
    header = json.dumps(facts, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    arrays = [
        tree.heights.astype("<f4"),
        tree.merges.astype("<u2"),
        *(beyond[side].astype("<u2") for side in sides),
        tree.straddle,
    ]
    body = struct.pack("<I", len(header)) + header + b"".join(array.tobytes() for array in arrays)
    return gzip_compress(body)


def check_tree(data: bytes, segments: int) -> None:
    """Raise DamagedMap unless the bytes are the whole of a tree that `encode_tree` wrote, of so many segments."""
    body = _gunzip(data)
    try:
        (length,) = struct.unpack_from("<I", body)
        facts = json.loads(body[4 : 4 + min(length, HEADER_MAX_BYTES)])
        n, m, sides = facts["segments"], facts["merges"], facts["beyond"]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise DamagedMap("The tree has no header that can be read.") from error
    if n != segments or m != n - 1:
        raise DamagedMap("The tree is one of another map.")
    rest = len(body) - (4 + length + 8 * m + n + m)
    if rest < 0 or rest % 2 or bool(rest) != bool(sides):
        raise DamagedMap("The tree has another size than its header says.")


def _gunzip(data: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = stream.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise DamagedMap("The tree cannot be inflated.") from error
    if not stream.eof or stream.unused_data:
        raise DamagedMap("The tree does not end where it should.")
    return body
