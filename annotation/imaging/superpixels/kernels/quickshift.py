"""The loops of quickshift: density of every pixel, nearest pixel of higher density, trees to labels."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

TIE_BREAK = 4e-6  # of the highest density there can be; some 60 times what float32 resolves


@kernel
def density(planes, sigma, reach):
    """Return the Parzen density of each pixel in colour and place, a Gaussian of `sigma` cut at `reach` pixels.

    Each pair is computed once and added to both. exp(t) is (1 + t/1024)^1024, ten squarings that vectorise.
    """
    rows, cols = planes.shape[1:]
    one, zero = np.float32(1), np.float32(0)
    rate = np.float32(-0.5 / (sigma * sigma) / 1024)
    out = np.ones((rows, cols), np.float32)
    term = np.empty(cols, np.float32)
    for y in range(rows):
        for dy in range(min(reach, rows - 1 - y) + 1):
            for dx in range(-reach, reach + 1):
                if (dy == 0 and dx <= 0) or abs(dx) >= cols:
                    continue
                x0, x1 = max(0, -dx), min(cols, cols - dx)
                a0, a1, a2 = planes[0, y, x0:x1], planes[1, y, x0:x1], planes[2, y, x0:x1]
                other = y + dy
                b0 = planes[0, other, x0 + dx : x1 + dx]
                b1 = planes[1, other, x0 + dx : x1 + dx]
                b2 = planes[2, other, x0 + dx : x1 + dx]
                place = np.float32(dy * dy + dx * dx)
                for x in range(x1 - x0):
                    u, v, w = a0[x] - b0[x], a1[x] - b1[x], a2[x] - b2[x]
                    t = one + rate * (u * u + v * v + w * w + place)
                    t = t if t > zero else zero
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    t *= t
                    term[x] = t
                here, there = out[y, x0:x1], out[other, x0 + dx : x1 + dx]
                for x in range(x1 - x0):
                    here[x] += term[x]
                for x in range(x1 - x0):
                    there[x] += term[x]
    return out


@kernel
def break_ties(densities, amount):
    """Add up to `amount` by a hash of the place, so that a surface of one colour has one peak here and there."""
    flat = densities.ravel()
    for i in range(len(flat)):
        mixed = np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        flat[i] += np.float32(amount * np.float64(mixed >> np.uint64(40)) / 16777216.0)


@kernel
def parents(planes, densities, max_dist, reach):
    """Return for each pixel the nearest one of higher density within `max_dist` (colour and place), or itself."""
    rows, cols = planes.shape[1:]
    furthest = np.float32(max_dist * max_dist)
    parent = np.empty((rows, cols), np.int32)
    best = np.empty(cols, np.float32)
    for y in range(rows):
        best[:] = furthest
        for x in range(cols):
            parent[y, x] = y * cols + x
        for dy in range(-min(reach, y), min(reach, rows - 1 - y) + 1):
            for dx in range(-reach, reach + 1):
                place = np.float32(dy * dy + dx * dx)
                if place > furthest or (dy == 0 and dx == 0) or abs(dx) >= cols:
                    continue
                x0, x1 = max(0, -dx), min(cols, cols - dx)
                other = y + dy
                a0, a1, a2 = planes[0, y, x0:x1], planes[1, y, x0:x1], planes[2, y, x0:x1]
                b0 = planes[0, other, x0 + dx : x1 + dx]
                b1 = planes[1, other, x0 + dx : x1 + dx]
                b2 = planes[2, other, x0 + dx : x1 + dx]
                here, there = densities[y, x0:x1], densities[other, x0 + dx : x1 + dx]
                nearest, choice = best[x0:x1], parent[y, x0:x1]
                target = np.int32(other * cols + dx + x0)
                for x in range(x1 - x0):
                    u, v, w = a0[x] - b0[x], a1[x] - b1[x], a2[x] - b2[x]
                    distance = u * u + v * v + w * w + place
                    closer = (there[x] > here[x]) & (distance < nearest[x])
                    nearest[x] = distance if closer else nearest[x]
                    choice[x] = target + np.int32(x) if closer else choice[x]
    return parent


@kernel
def trees(parent):
    """Number the trees: each pixel gets the number of its root, 0…n−1."""
    flat = parent.ravel()
    label = np.full(len(flat), -1, np.int32)
    count = 0
    for i in range(len(flat)):
        a = i
        while label[a] < 0 and flat[a] != a:
            a = flat[a]
        if label[a] < 0:
            label[a] = count
            count += 1
        found, b = label[a], i
        while b != a:
            label[b] = found
            b = flat[b]
    return label.reshape(parent.shape)
