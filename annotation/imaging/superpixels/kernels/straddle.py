"""What each segment looks like, in two passes over the pixels: size, mean colour, and whether it is of two colours."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BENEFIT_PX = 50  # so many pixels count as coherent beforehand: a few pixels say little about texture
SQUARINGS = 8  # of the covariance: the second axis weighs (λ₂/λ₁)²⁵⁶ in what is left


@kernel
def measure(planes, labels, first, left, count):
    """Measure each segment.

    The colours of a segment are split at their mean along their principal axis. The alarm is the distance of the two
    classes' means × √(4·w₀·w₁), w their shares × how much more often two neighbouring pixels are of one class than by
    chance (join counts), 0…1, with the benefit of the doubt for small segments. So noise and fine texture score low,
    and a segment across the border of two tissues high.

    Parameters
    ----------
    planes : (3, rows, cols) float32 ndarray
        CIELAB.
    labels : (rows, cols) int32 ndarray
        Segment numbers 0…count−1.
    first, left : int32 ndarray
        The runs of `labels`; see `regions.find_runs`.
    count : int

    Returns
    -------
    size : (count,) float64 ndarray
        Pixels.
    mean : (count, 3) float64 ndarray
        CIELAB.
    alarm : (count,) float64 ndarray
        ΔE, not negative.
    """
    size, mean, covariance = _moments(planes, labels, first, left, count)
    axis = np.empty((count, 3), np.float32)
    for k in range(count):
        axis[k] = _principal_axis(covariance[k])
    return size, mean, _alarm(planes, labels, first, left, size, mean.astype(np.float32), axis)


@kernel
def _moments(planes, labels, first, left, count):
    """Return each segment's size, mean colour and the covariance of its colours, (count, 3, 3)."""
    rows, cols = labels.shape
    size, mean = np.zeros(count, np.float64), np.zeros((count, 3), np.float64)
    covariance = np.zeros((count, 3, 3), np.float64)
    for y in range(rows):
        for run in range(first[y], first[y + 1]):
            start, end = left[run], left[run + 1] if run + 1 < first[y + 1] else cols
            k = labels[y, start]
            light, red, yellow = planes[0, y, start:end], planes[1, y, start:end], planes[2, y, start:end]
            sl = sa = sb = ll = la = lb = aa = ab = bb = np.float32(0)
            for x in range(end - start):
                l_, a, b = light[x], red[x], yellow[x]
                sl += l_
                sa += a
                sb += b
                ll += l_ * l_
                la += l_ * a
                lb += l_ * b
                aa += a * a
                ab += a * b
                bb += b * b
            size[k] += end - start
            mean[k, 0] += sl
            mean[k, 1] += sa
            mean[k, 2] += sb
            covariance[k, 0, 0] += ll
            covariance[k, 0, 1] += la
            covariance[k, 0, 2] += lb
            covariance[k, 1, 1] += aa
            covariance[k, 1, 2] += ab
            covariance[k, 2, 2] += bb
    for k in range(count):
        mean[k] /= size[k]
        for i in range(3):
            for j in range(i, 3):
                covariance[k, i, j] = covariance[k, i, j] / size[k] - mean[k, i] * mean[k, j]
                covariance[k, j, i] = covariance[k, i, j]
    return size, mean, covariance


@kernel
def _principal_axis(covariance):
    """Return the unit vector along which colours differ most: a column of a high power of the covariance."""
    power, square = covariance.copy(), np.empty((3, 3))
    for _ in range(SQUARINGS):
        scale = power[0, 0] + power[1, 1] + power[2, 2]
        if scale <= 1e-9:
            break
        for i in range(3):
            for j in range(3):
                square[i, j] = (
                    power[i, 0] * power[0, j] + power[i, 1] * power[1, j] + power[i, 2] * power[2, j]
                ) / scale**2
        power[:] = square
    longest = 0
    for j in range(1, 3):
        if power[j, j] > power[longest, longest]:
            longest = j
    axis = power[longest].copy()
    length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    if length > 0:
        axis /= length
    return axis


@kernel
def _alarm(planes, labels, first, left, size, mean, axis):
    """Split every segment at its mean along its axis; see `measure`."""
    rows, cols = labels.shape
    count = len(size)
    upper, along = np.zeros(count, np.int64), np.zeros(count, np.float64)
    pairs, alike = np.zeros(count, np.int64), np.zeros(count, np.int64)
    side, above = np.empty(cols, np.int32), np.empty(cols, np.int32)
    for y in range(rows):
        for run in range(first[y], first[y + 1]):
            start, end = left[run], left[run + 1] if run + 1 < first[y + 1] else cols
            k, width = labels[y, start], end - start
            light, red, yellow = planes[0, y, start:end], planes[1, y, start:end], planes[2, y, start:end]
            own, over = side[start:end], above[start:end]
            a0, a1, a2 = axis[k, 0], axis[k, 1], axis[k, 2]
            middle = a0 * mean[k, 0] + a1 * mean[k, 1] + a2 * mean[k, 2]
            number, total = np.int32(0), np.float32(0)
            for x in range(width):
                t = a0 * light[x] + a1 * red[x] + a2 * yellow[x] - middle
                higher = t > np.float32(0)
                own[x] = np.int32(1) if higher else np.int32(0)
                number += own[x]
                total += t if higher else np.float32(0)
            upper[k] += number
            along[k] += total
            same = np.int32(0)
            for x in range(1, width):
                same += np.int32(own[x] == own[x - 1])
            pairs[k] += width - 1
            if y > 0:
                before = labels[y - 1, start:end]
                touching = np.int32(0)
                for x in range(width):
                    within = np.int32(before[x] == k)
                    touching += within
                    same += within & np.int32(own[x] == over[x])
                pairs[k] += touching
            alike[k] += same
        side, above = above, side
    alarm = np.zeros(count, np.float64)
    for k in range(count):
        share = upper[k] / size[k]
        if 0 < share < 1:
            # The deviations from the mean add up to 0, so those of the lower class are the same sum.
            distance = along[k] / upper[k] + along[k] / (size[k] - upper[k])
            chance = share**2 + (1 - share) ** 2
            coherence = max((alike[k] / pairs[k] - chance) / (1 - chance), 0.0)
            coherence = (coherence * size[k] + BENEFIT_PX) / (size[k] + BENEFIT_PX)
            alarm[k] = distance * np.sqrt(4 * share * (1 - share)) * coherence
    return alarm
