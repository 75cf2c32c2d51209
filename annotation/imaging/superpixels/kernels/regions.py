"""Connected regions of a map of labels, and how small ones join the neighbour of nearest mean colour.

Everything works on runs (stretches of one label in a row), which are several times fewer than pixels. On H&E the
colour-aware joining lifts the explained variation from 0.60 to 0.78 against joining whatever lies to the left.
"""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

NEVER = 1e300  # more than any distance or cost; infinity means nothing where `fastmath` is on


def join_small(labels: np.ndarray, planes: np.ndarray, min_size: int, count: int) -> np.ndarray:
    """Cut labels into connected regions; those under `min_size` pixels join a neighbour, then the smallest do.

    Parameters
    ----------
    labels : (rows, cols) int32 ndarray
        Any labels; pixels of one label need not be connected. Becomes the result.
    planes : (channels, rows, cols) float32 ndarray
        What colours are compared in.
    min_size : int
        Regions of fewer pixels join.
    count : int
        The smallest regions go on joining until there are no more than this.

    Returns
    -------
    (rows, cols) int32 ndarray
        0…n−1 in the order of their first pixels, every region connected through edges of pixels.
    """
    first, left, region, regions = _regions(labels)
    floor = np.full(regions, min_size, np.int64)
    return _join(labels, planes, first, left, region, floor, count)


def join_fragments(labels: np.ndarray, planes: np.ndarray, min_size: int = 1) -> np.ndarray:
    """Keep the largest connected region of each label; the others join the neighbour of nearest mean colour.

    Those that are kept join one, too, if they are under `min_size` pixels. Parameters and result are those of
    `join_small`; labels must be 0…n−1.
    """
    first, left, region, regions = _regions(labels)
    floor = np.maximum(_fragment_floor(labels, first, left, region, regions), min_size)
    return _join(labels, planes, first, left, region, floor, regions)


def _regions(labels: np.ndarray):
    first, left = find_runs(labels)
    region, regions = _connect(labels, first, left)
    return first, left, region, regions


def _join(labels, planes, first, left, region, floor, count):
    size, colour = _measure(planes, first, left, region, len(floor))
    start, neighbour = _adjacency(contacts(first, left, region, planes.shape[2]), len(floor))
    parent = _absorb(size, colour, start, neighbour, floor, count)
    _paint(first, left, region, parent, labels)
    return labels


@kernel
def find_runs(labels):
    """Return for each row the number of its first run (one entry more at the end), and each run's first column."""
    rows, cols = labels.shape
    first = np.empty(rows + 1, np.int32)
    count = 0
    for y in range(rows):
        first[y] = count
        count += 1
        for x in range(1, cols):
            count += labels[y, x] != labels[y, x - 1]
    first[rows] = count
    left = np.empty(count, np.int32)
    count = 0
    for y in range(rows):
        left[count] = 0
        count += 1
        for x in range(1, cols):
            if labels[y, x] != labels[y, x - 1]:
                left[count] = x
                count += 1
    return first, left


@kernel
def find(parent, a):
    """Return the root of `a`, halving the path on the way."""
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


@kernel
def _connect(labels, first, left):
    """Number the 4-connected regions; return the region of each run, and how many there are."""
    rows, cols = labels.shape
    parent = np.arange(len(left)).astype(np.int32)
    for y in range(1, rows):
        above, below = first[y - 1], first[y]
        while above < first[y] and below < first[y + 1]:
            above_end = left[above + 1] if above + 1 < first[y] else cols
            below_end = left[below + 1] if below + 1 < first[y + 1] else cols
            if labels[y - 1, left[above]] == labels[y, left[below]]:
                a, b = find(parent, above), find(parent, below)
                if a < b:
                    parent[b] = a
                else:
                    parent[a] = b
            above += above_end <= below_end
            below += below_end <= above_end
    region = np.empty(len(left), np.int32)
    count = 0
    for run in range(len(left)):
        root = find(parent, run)
        if root == run:
            region[run] = count
            count += 1
        else:
            region[run] = region[root]
    return region, count


@kernel
def _measure(planes, first, left, region, regions):
    """Return each region's size in pixels and the sum of its colours."""
    channels, rows, cols = planes.shape
    size = np.zeros(regions, np.int64)
    colour = np.zeros((regions, channels), np.float64)
    for y in range(rows):
        for c in range(channels):
            line = planes[c, y]
            for run in range(first[y], first[y + 1]):
                right = left[run + 1] if run + 1 < first[y + 1] else cols
                total = np.float32(0)
                for x in range(np.uint64(left[run]), np.uint64(right)):
                    total += line[x]
                colour[region[run], c] += total
        for run in range(first[y], first[y + 1]):
            size[region[run]] += (left[run + 1] if run + 1 < first[y + 1] else cols) - left[run]
    return size, colour


@kernel
def contacts(first, left, region, cols):
    """Return the pairs of different regions whose runs touch, as (2, pairs); one pair may come several times."""
    pairs = np.empty((2, 3 * len(left)), np.int32)
    count = 0
    for y in range(len(first) - 1):
        for run in range(first[y] + 1, first[y + 1]):
            pairs[0, count], pairs[1, count] = region[run - 1], region[run]
            count += 1
        if y == 0:
            continue
        above, below = first[y - 1], first[y]
        while above < first[y] and below < first[y + 1]:
            above_end = left[above + 1] if above + 1 < first[y] else cols
            below_end = left[below + 1] if below + 1 < first[y + 1] else cols
            if region[above] != region[below]:
                pairs[0, count], pairs[1, count] = region[above], region[below]
                count += 1
            above += above_end <= below_end
            below += below_end <= above_end
    return pairs[:, :count]


@kernel
def _adjacency(pairs, regions):
    """Return the pairs as lists: the neighbours of region k are neighbour[start[k]:start[k + 1]]."""
    start = np.zeros(regions + 2, np.int64)
    for side in range(2):
        for k in pairs[side]:
            start[k + 2] += 1
    start = np.cumsum(start)
    neighbour = np.empty(2 * pairs.shape[1], np.int32)
    for side in range(2):
        for e in range(pairs.shape[1]):
            k = pairs[side, e]
            neighbour[start[k + 1]] = pairs[1 - side, e]
            start[k + 1] += 1
    return start[:-1], neighbour


@kernel
def _fragment_floor(labels, first, left, region, regions):
    """Return the size from which a region may stand: 0 for the largest of its label, out of reach for the others."""
    rows, cols = labels.shape
    size = np.zeros(regions, np.int64)
    label = np.empty(regions, np.int64)
    count = 0
    for y in range(rows):
        for run in range(first[y], first[y + 1]):
            size[region[run]] += (left[run + 1] if run + 1 < first[y + 1] else cols) - left[run]
            label[region[run]] = labels[y, left[run]]
            count = max(count, np.int64(labels[y, left[run]]) + 1)
    largest = np.full(count, -1, np.int64)
    for k in range(regions):
        if largest[label[k]] < 0 or size[k] > size[largest[label[k]]]:
            largest[label[k]] = k
    floor = np.full(regions, rows * cols + 1, np.int64)
    for k in largest:
        if k >= 0:
            floor[k] = 0
    return floor


@kernel
def _absorb(size, colour, start, neighbour, floor, count):
    """Join regions until all reach their floor, then until at most `count` are left; return the parent of each.

    Each pass begins with the smallest; what has grown during a pass waits for the next one.
    """
    regions = len(size)
    parent = np.arange(regions).astype(np.int32)
    following = np.full(regions, -1, np.int32)  # the regions that joined one another, as linked lists
    last = np.arange(regions).astype(np.int32)
    left = regions
    by_floor = floor.max() > 1
    while by_floor or left > count:
        before = size.copy()
        for a in np.argsort(before, kind="mergesort"):
            if not by_floor and left <= count:
                break
            if parent[a] != a or (size[a] >= floor[a] if by_floor else size[a] > before[a]):
                continue
            best = _nearest(a, size, colour, start, neighbour, parent, following)
            if best < 0:
                continue
            parent[a] = best
            size[best] += size[a]
            colour[best] += colour[a]
            following[last[best]] = a
            last[best] = last[a]
            left -= 1
        by_floor = False
    return parent


@kernel
def _nearest(a, size, colour, start, neighbour, parent, following):
    """Return the root next to root `a` whose mean colour is nearest, or −1 if it has no neighbour."""
    best, nearest = -1, NEVER
    member = a
    while member >= 0:
        for e in range(start[member], start[member + 1]):
            b = find(parent, neighbour[e])
            if b == a:
                continue
            distance = 0.0
            for c in range(colour.shape[1]):
                distance += (colour[a, c] / size[a] - colour[b, c] / size[b]) ** 2
            if distance < nearest:
                best, nearest = b, distance
        member = following[member]
    return best


@kernel
def _paint(first, left, region, parent, labels):
    """Write the map: the root of each run's region, numbered in the order of appearance."""
    rows, cols = labels.shape
    number = np.full(len(parent), -1, np.int32)
    count = 0
    for y in range(rows):
        line = labels[y]
        for run in range(first[y], first[y + 1]):
            root = find(parent, region[run])
            if number[root] < 0:
                number[root] = count
                count += 1
            own, right = number[root], left[run + 1] if run + 1 < first[y + 1] else cols
            for x in range(np.uint64(left[run]), np.uint64(right)):
                line[x] = own
