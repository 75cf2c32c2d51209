"""The loops of the watershed: gradient of brightness, flooding from markers through buckets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BUCKETS = (1 << 15) - 1
SHIFT = 42
RIM = -1  # counts as flooded, which spares the question whether a neighbour exists
DRY = BUCKETS  # no offer yet: higher than every bucket


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
    highest = np.float32(BUCKETS - 1)
    ground = np.zeros((rows + 2) * width, np.int16)
    offer = np.full((rows + 2) * width, RIM, np.int16)  # the lowest bucket that a pixel has been put into
    water = np.empty((rows + 2) * width, np.int32)  # the marker from which that offer came
    for y in range(rows):
        start, end = (y + 1) * width + 1, (y + 2) * width - 1
        line, heights = ground[start:end], height[y]
        for x in range(cols):
            line[x] = np.int16(min(heights[x] * scale, highest))
        offer[start:end] = DRY
    # Each bucket is a list, linked both ways, that starts at a node of its own, behind the pixels. What has been
    # flooded stays: a list is walked once, when its level is reached, and grows at its end meanwhile.
    pixels = len(ground)
    node = np.full((pixels + BUCKETS, 2), -1, np.int32)  # the next and the previous
    last = np.arange(pixels, pixels + BUCKETS).astype(np.int32)
    for m in range(len(marker_y)):
        i = (marker_y[m] + 1) * width + marker_x[m] + 1
        water[i], offer[i] = m, ground[i]
        _append(node, last, ground[i], i)
    pull = compactness * scale
    per_width = np.uint64((1 << SHIFT) // width + 1)  # multiplied and shifted this divides, for all numbers of pixels
    step = np.array([-width, -1, 1, width]).astype(np.int32)
    down = np.array([-1, 0, 0, 1]).astype(np.int32)
    right = np.array([0, -1, 1, 0]).astype(np.int32)
    for level in range(BUCKETS):
        i = node[pixels + level, 0]
        while i >= 0:
            at = np.uint64(i)  # unsigned numbers spare the question whether an index counts from the end
            own = water[at]
            marker = np.uint32(own)
            y = np.int32((at * per_width) >> np.uint64(SHIFT))
            dy = y - np.int32(1) - marker_y[marker]
            dx = np.int32(i) - y * np.int32(width) - np.int32(1) - marker_x[marker]
            for k in range(4):
                q = np.uint32(i + step[k])
                before = offer[q]
                if before <= level:
                    continue
                a, b = np.float32(dy + down[k]), np.float32(dx + right[k])
                cost = np.float32(ground[q]) + pull * np.sqrt(a * a + b * b)
                bucket = max(np.int32(min(cost, highest)), np.int32(level))
                if bucket < before:
                    if before != DRY:
                        _remove(node, last, before, q)
                    offer[q], water[q] = bucket, own
                    _append(node, last, bucket, q)
            i = node[at, 0]
    labels = np.empty((rows, cols), np.int32)
    for y in range(rows):
        labels[y] = water[(y + 1) * width + 1 : (y + 2) * width - 1]
    return labels


@kernel
def _append(node, last, bucket, i):
    tail = last[np.uint32(bucket)]
    node[np.uint32(tail), np.uint32(0)] = i
    node[np.uint32(i), np.uint32(0)], node[np.uint32(i), np.uint32(1)] = -1, tail
    last[np.uint32(bucket)] = i


@kernel
def _remove(node, last, bucket, i):
    following, previous = node[i, 0], node[i, 1]
    node[previous, 0] = following
    if following >= 0:
        node[following, 1] = previous
    else:
        last[bucket] = previous
