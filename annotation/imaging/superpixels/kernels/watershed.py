"""The loops of the watershed: gradient of brightness, flooding from markers through buckets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BUCKETS = (1 << 15) - 1
SHIFT = 42
RIM = -1  # counts as flooded at a level below all, which spares the question whether a neighbour exists
NO_BUCKET = BUCKETS  # of a pixel that no water has reached


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
    highest = np.float32(BUCKETS - 1)
    # Of each pixel: the lowest bucket it has been put into, above its height in 16 bits; the marker this came from.
    state = np.full((pixels, 2), RIM, np.int32)
    for y in range(rows):
        start = (y + 1) * width + 1
        for x in range(cols):
            state[start + x, 0] = (NO_BUCKET << 16) | np.int32(min(height[y, x] * scale, highest))
    # Each bucket is a linked list that starts at a node of its own, behind the pixels. Nothing is ever taken out: a
    # list is walked once, when its level is reached, and grows at its end meanwhile. A pixel whose second offer is
    # lower, which is rare, gets another node, and the first is passed over; there are at most four offers.
    heads = pixels + BUCKETS
    following = np.empty(heads + 3 * rows * cols, np.int32)
    following[pixels:heads] = -1
    again = np.empty(3 * rows * cols, np.int32)
    nodes = heads
    last = np.arange(pixels, heads).astype(np.int32)
    for m in range(len(marker_y)):
        i = (marker_y[m] + 1) * width + marker_x[m] + 1
        bucket = state[i, 0] & 0xFFFF
        state[i, 0], state[i, 1] = (bucket << 16) | bucket, m
        following[last[bucket]], following[i], last[bucket] = i, -1, i
    pull = compactness * scale
    per_width = np.uint64((1 << SHIFT) // width + 1)  # multiplied and shifted this divides, for all numbers of pixels
    step = np.array([-width, -1, 1, width]).astype(np.int32)
    down = np.array([-1, 0, 0, 1]).astype(np.int32)
    right = np.array([0, -1, 1, 0]).astype(np.int32)
    zero, one, bits = np.uint64(0), np.uint64(1), np.int32(16)
    # Unsigned numbers spare the question whether an index counts from the end.
    for n in range(BUCKETS):
        level, node = np.int32(n), following[pixels + n]
        while node >= 0:
            i = node if node < pixels else again[node - heads]
            at = np.uint64(i)
            if state[at, zero] >> bits == level:
                own = state[at, one]
                marker = np.uint32(own)
                y = np.int32((at * per_width) >> np.uint64(SHIFT))
                dy = y - np.int32(1) - marker_y[marker]
                dx = np.int32(i) - y * np.int32(width) - np.int32(1) - marker_x[marker]
                for k in range(4):
                    q = np.uint64(np.uint32(i + step[k]))
                    before = state[q, zero] >> bits
                    if (before <= level) | (state[q, one] == own):  # the same water is never cheaper later
                        continue
                    ground = state[q, zero] & np.int32(0xFFFF)
                    a, b = np.float32(dy + down[k]), np.float32(dx + right[k])
                    cost = np.float32(ground) + pull * np.sqrt(a * a + b * b)
                    bucket = max(np.int32(min(cost, highest)), level)
                    if bucket >= before:
                        continue
                    added = np.int32(q)
                    if before != NO_BUCKET:
                        again[nodes - heads] = added
                        added = np.int32(nodes)
                        nodes += 1
                    state[q, zero], state[q, one] = (bucket << bits) | ground, own
                    tail = np.uint32(bucket)
                    following[np.uint32(last[tail])] = added
                    following[np.uint32(added)] = -1
                    last[tail] = added
            node = following[np.uint64(node)]
    labels = np.empty((rows, cols), np.int32)
    for y in range(rows):
        labels[y] = state[(y + 1) * width + 1 : (y + 2) * width - 1, 1]
    return labels
