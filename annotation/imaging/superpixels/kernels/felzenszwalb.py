"""The loops of Felzenszwalb's algorithm: weights of the edges between pixels, in order, joining sets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel
from annotation.imaging.superpixels.kernels.regions import find

STEPS = (1 << 18) - 1  # with few steps large segments, which grow by the least differences, come out as others
HEAVIEST = 442  # the largest distance of two colours is 255 √3


@kernel
def sorted_edges(planes):
    """Return the edges between pixels and their eight neighbours, the lightest first.

    Weights are distances of colour in `STEPS` steps up to that of black and white, so that counting sorts them. Steps
    are even in the root of the weight, and so finest where most edges are. An edge is 4 · pixel + direction (0 right,
    1 down left, 2 down, 3 down right). Also returns for each step where its edges begin, and the end.
    """
    rows, cols = planes.shape[1:]
    weight = np.full(4 * rows * cols, STEPS, np.uint32)  # STEPS: there is no such neighbour
    per_step, last = np.float32(STEPS**2 / HEAVIEST), np.float32(STEPS - 1)
    for y in range(rows):
        for direction in range(4):
            dy, dx = (0, 1) if direction == 0 else (1, direction - 2)
            if y + dy == rows:
                continue
            for x in range(max(0, -dx), min(cols, cols - dx)):
                a = planes[0, y + dy, x + dx] - planes[0, y, x]
                b = planes[1, y + dy, x + dx] - planes[1, y, x]
                c = planes[2, y + dy, x + dx] - planes[2, y, x]
                distance = np.sqrt(a * a + b * b + c * c)
                weight[4 * (y * cols + x) + direction] = np.uint32(min(np.sqrt(distance * per_step), last))
    begin = np.zeros(STEPS + 2, np.int64)
    for w in weight:
        begin[w + 1] += 1
    begin = np.cumsum(begin)
    place = begin.copy()
    order = np.empty(begin[STEPS], np.int32)
    for e in range(len(weight)):
        w = weight[e]
        if w < STEPS:
            order[place[w]] = e
            place[w] += 1
    return order, begin[: STEPS + 1]


@kernel
def join(order, begin, rows, cols, scale, min_size):
    """Join pixels along the edges where the weight is at most both sides' inner weight plus scale / size.

    A second pass joins what is smaller than `min_size`. Returns the set of each pixel, named by one of its pixels.
    """
    parent = np.arange(rows * cols).astype(np.int32)
    size = np.ones(rows * cols, np.int32)
    limit = np.full(rows * cols, scale, np.float32)
    for final in range(2):
        for step in range(STEPS):
            weight = np.float32(HEAVIEST * ((step + 0.5) / STEPS) ** 2)
            for e in range(begin[step], begin[step + 1]):
                i, direction = order[e] >> 2, order[e] & 3
                a = find(parent, i)
                b = find(parent, i + (cols + direction - 2 if direction else 1))
                if a == b:
                    continue
                if final:
                    if size[a] >= min_size and size[b] >= min_size:
                        continue
                elif weight > limit[a] or weight > limit[b]:
                    continue
                if size[a] < size[b]:
                    a, b = b, a
                parent[b] = a
                size[a] += size[b]
                limit[a] = weight + scale / np.float32(size[a])
    labels = np.empty((rows, cols), np.int32)
    flat = labels.ravel()
    number = limit.view(np.int32)  # no longer needed: holds the numbers now
    number[:] = -1
    count = 0
    for i in range(len(flat)):
        root = find(parent, i)
        if number[root] < 0:
            number[root] = count
            count += 1
        flat[i] = number[root]
    return labels
