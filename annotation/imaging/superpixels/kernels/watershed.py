"""The loops of the watershed: gradient of brightness, flooding from markers through buckets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BUCKETS = 1 << 15
SHIFT = 42
FLOODED = 1 << 29  # above every marker. A rim around the image counts as flooded, so that each pixel has neighbours


def gradient(planes: np.ndarray) -> np.ndarray:
    """Return the Sobel magnitude, scaled and mirrored like `skimage.filters.sobel`, of (channels, rows, cols) float32.

    Of several channels it is the root of the sum of squares.
    """
    out = np.zeros(planes.shape[1:], np.float32)
    for plane in planes:
        _add_squared_gradient(plane, out)
    return np.sqrt(out, out=out)


@kernel
def _add_squared_gradient(plane, out):
    rows, cols = plane.shape
    two, scale = np.float32(2), np.float32(1 / 32)
    for y in range(rows):
        up, here, down = plane[max(0, y - 1)], plane[y], plane[min(rows - 1, y + 1)]
        for x in range(cols):
            w, e = max(0, x - 1), min(cols - 1, x + 1)
            vertical = up[w] + two * up[x] + up[e] - down[w] - two * down[x] - down[e]
            horizontal = up[w] + two * here[w] + down[w] - up[e] - two * here[e] - down[e]
            out[y, x] += (vertical * vertical + horizontal * horizontal) * scale


@kernel
def flood(height, marker_y, marker_x, compactness, scale):
    """Flood from the markers: the lowest pixel next to water goes first, ties by age.

    A pixel's cost is its height plus `compactness` times its distance in pixels from the marker whose water reaches
    it; of several waters the cheapest gets it. Costs are cut into buckets of 1/`scale`, so that finding the lowest
    one takes no search; within a bucket the oldest goes first. Returns the marker of each pixel as (rows, cols) int32.
    """
    rows, cols = height.shape
    width = cols + 2
    pixels = (rows + 2) * width
    # What is dry holds the complement of its height, a negative number; what water has reached the marker, and when its
    # turn has come `FLOODED`, too.
    state = np.full(pixels, FLOODED, np.int32)
    for y in range(rows):
        line = state[(y + 1) * width + 1 : (y + 2) * width - 1]
        for x in range(cols):
            line[x] = ~_bucket(height[y, x] * scale)
    # Each bucket is a linked list that starts at a node of its own, behind the pixels. Nothing is ever taken out: a
    # list is walked once, when its level is reached, and grows at its end meanwhile. A pixel whose second offer is
    # lower, which is rare, gets another node, and its first is passed over; there are at most four offers.
    heads = pixels + BUCKETS
    following = np.empty(heads + 3 * rows * cols, np.int32)
    following[pixels:heads] = -1
    again = np.empty(3 * rows * cols, np.int32)
    nodes = heads
    last = np.arange(pixels, heads).astype(np.int32)
    for m in range(len(marker_y)):
        i = (marker_y[m] + 1) * width + marker_x[m] + 1
        _append(following, last, ~state[i], i)
        state[i] = m
    pull = compactness * scale
    per_width = np.uint64((1 << SHIFT) // width + 1)  # multiplied and shifted this divides, for all numbers of pixels
    step = np.array([-width, -1, 1, width]).astype(np.int32)
    down = np.array([-1, 0, 0, 1]).astype(np.int32)
    right = np.array([0, -1, 1, 0]).astype(np.int32)
    for n in range(BUCKETS):
        level, node = np.int32(n), following[pixels + n]
        while node >= 0:
            i = node if node < pixels else again[node - heads]
            at = np.uint64(i)  # unsigned numbers spare the question whether an index counts from the end
            own = state[at]
            if own < FLOODED:
                state[at] = own | FLOODED
                marker = np.uint32(own)
                row = np.int32((at * per_width) >> np.uint64(SHIFT)) - np.int32(1)
                column = np.int32(i) - (row + np.int32(1)) * np.int32(width) - np.int32(1)
                dy, dx = row - marker_y[marker], column - marker_x[marker]
                for k in range(4):
                    q = np.uint32(i + step[k])
                    there = state[q]
                    if there < 0:
                        cost = np.float32(~there) + pull * _length(dy + down[k], dx + right[k])
                        state[q] = own
                        _append(following, last, max(_bucket(cost), level), q)
                    elif there < FLOODED and there != own:
                        y, x, other = row + down[k], column + right[k], np.uint32(there)
                        ground = np.float32(_bucket(height[y, x] * scale))
                        cost = ground + pull * _length(dy + down[k], dx + right[k])
                        present = ground + pull * _length(y - marker_y[other], x - marker_x[other])
                        bucket = max(_bucket(cost), level)
                        if bucket < _bucket(present):
                            state[q] = own
                            again[nodes - heads] = q
                            _append(following, last, bucket, nodes)
                            nodes += 1
            node = following[np.uint64(node)]
    labels = np.empty((rows, cols), np.int32)
    for y in range(rows):
        line = state[(y + 1) * width + 1 : (y + 2) * width - 1]
        for x in range(cols):
            labels[y, x] = line[x] ^ FLOODED
    return labels


@kernel
def _bucket(cost):
    return np.int32(min(cost, np.float32(BUCKETS - 1)))


@kernel
def _length(dy, dx):
    a, b = np.float32(dy), np.float32(dx)
    return np.sqrt(a * a + b * b)


@kernel
def _append(following, last, bucket, node):
    """Put a node at the end of a bucket's list."""
    following[np.uint32(last[np.uint32(bucket)])] = node
    following[np.uint32(node)] = -1
    last[np.uint32(bucket)] = node
