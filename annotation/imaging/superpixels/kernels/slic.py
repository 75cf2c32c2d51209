"""The loop of SLIC: assign each pixel to the best of nine centres, move the centres to the means."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BAND_PX = 512  # so many pixels are compared at once, within the fastest cache
NEVER = np.float32(1e30)  # the squared distance to a centre that does not exist


@kernel
def settle(planes, down, across, centres, weight, iterations, pixels):
    """Move the centres to the means of their pixels, several times.

    Parameters
    ----------
    planes : (3, rows, cols) float32 ndarray
        Colours.
    down, across : int32 ndarray
        The edges of the grid cells. A pixel is compared with the centres of the 3 × 3 cells around its own.
    centres : (cells, 5) float32 ndarray
        Three colours, y and x; changed in place.
    weight : float32
        Of a squared distance in place.
    iterations : int
    pixels : (5, rows · cols) float32 ndarray
        Room to work in; NumPy asks the system for large pages, which a kernel does not.
    """
    grid_rows, grid_cols = len(down) - 1, len(across) - 1
    begin = 0
    for i in range(grid_rows):
        for j in range(grid_cols):
            begin += _gather(planes, down[i], down[i + 1], down[i], across[j], across[j + 1], pixels, begin)
    best, choice = np.empty(BAND_PX, np.float32), np.empty(BAND_PX, np.int32)
    factor, centre = np.empty((9, 6), np.float32), np.empty(9, np.int32)
    for _ in range(iterations):
        sums = np.zeros((grid_rows * grid_cols, 6), np.float64)
        begin = 0
        for i in range(grid_rows):
            for j in range(grid_cols):
                y0, x0 = down[i], across[j]
                _prepare(centres, i, j, grid_rows, grid_cols, y0, x0, weight, factor, centre)
                end = begin + (down[i + 1] - y0) * (across[j + 1] - x0)
                for start in range(begin, end, BAND_PX):
                    count = min(BAND_PX, end - start)
                    _choose(pixels, start, count, factor, best, choice)
                    _sum_up(pixels, start, count, choice, centre, y0, x0, sums)
                begin = end
        for k in range(len(sums)):
            if sums[k, 5] > 0:
                for q in range(5):
                    centres[k, q] = sums[k, q] / sums[k, 5]


@kernel
def assign(planes, down, across, centres, weight, labels):
    """Write the number of the nearest centre of each pixel into `labels`; the others as for `settle`."""
    grid_rows, grid_cols = len(down) - 1, len(across) - 1
    room = BAND_PX + np.diff(across).max()
    pixels = np.empty((5, room), np.float32)
    best, choice = np.empty(room, np.float32), np.empty(room, np.int32)
    factor, centre = np.empty((9, 6), np.float32), np.empty(9, np.int32)
    for i in range(grid_rows):
        for j in range(grid_cols):
            x0, x1 = across[j], across[j + 1]
            _prepare(centres, i, j, grid_rows, grid_cols, down[i], x0, weight, factor, centre)
            height = BAND_PX // (x1 - x0) + 1
            for top in range(down[i], down[i + 1], height):
                bottom = min(top + height, down[i + 1])
                count = _gather(planes, top, bottom, down[i], x0, x1, pixels, 0)
                _choose(pixels, 0, count, factor, best, choice)
                _write(choice, centre, labels[top:bottom, x0:x1])


@kernel
def _prepare(centres, i, j, grid_rows, grid_cols, y0, x0, weight, factor, centre):
    """Write the factors of the distances to the centres around cell (i, j), whose first pixel is (y0, x0).

    The squared distance is multiplied out: |p − c|² = |p|² + |c|² − 2 p·c, and |p|² is the same for every centre.
    """
    minus_two = np.float32(-2)
    for k in range(9):
        ii, jj = i + k // 3 - 1, j + k % 3 - 1
        factor[k] = np.float32(0)
        factor[k, 0] = NEVER
        centre[k] = 0
        if 0 <= ii < grid_rows and 0 <= jj < grid_cols:
            centre[k] = ii * grid_cols + jj
            c = centres[centre[k]]
            y, x = c[3] - np.float32(y0), c[4] - np.float32(x0)
            factor[k, 0] = c[0] * c[0] + c[1] * c[1] + c[2] * c[2] + weight * (y * y + x * x)
            for q in range(3):
                factor[k, 1 + q] = minus_two * c[q]
            factor[k, 4] = minus_two * weight * y
            factor[k, 5] = minus_two * weight * x


@kernel
def _gather(planes, top, bottom, y0, x0, x1, pixels, begin):
    """Copy the pixels of a rectangle in one line, colours and place from (y0, x0) on; return how many there are.

    Unsigned numbers spare the question whether an index counts from the end, and so let the compiler copy by vectors.
    """
    first, width, at = np.uint64(x0), np.uint64(x1 - x0), np.uint64(begin)
    c0, c1, c2, c3, c4 = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for y in range(top, bottom):
        row, below = np.uint64(y), np.float32(y - y0)
        for x in range(width):
            pixels[c0, at + x] = planes[c0, row, first + x]
            pixels[c1, at + x] = planes[c1, row, first + x]
            pixels[c2, at + x] = planes[c2, row, first + x]
            pixels[c3, at + x] = below
            pixels[c4, at + x] = np.float32(x)
        at += width
    return (bottom - top) * (x1 - x0)


@kernel
def _choose(pixels, start, count, factor, best, choice):
    """Find the nearest centre of each pixel, three centres at a time: so it needs few loads and no branches."""
    end = start + count
    first, second, third = pixels[0, start:end], pixels[1, start:end], pixels[2, start:end]
    row, column = pixels[3, start:end], pixels[4, start:end]
    for k in range(0, 9, 3):
        a0, a1, a2, a3, a4, a5 = factor[k, 0], factor[k, 1], factor[k, 2], factor[k, 3], factor[k, 4], factor[k, 5]
        f = factor[k + 1]
        b0, b1, b2, b3, b4, b5 = f[0], f[1], f[2], f[3], f[4], f[5]
        f = factor[k + 2]
        c0, c1, c2, c3, c4, c5 = f[0], f[1], f[2], f[3], f[4], f[5]
        name_a, name_b, name_c = np.int32(k), np.int32(k + 1), np.int32(k + 2)
        for n in range(count):
            p, q, r, y, x = first[n], second[n], third[n], row[n], column[n]
            a = a0 + a1 * p + a2 * q + a3 * r + a4 * y + a5 * x
            b = b0 + b1 * p + b2 * q + b3 * r + b4 * y + b5 * x
            c = c0 + c1 * p + c2 * q + c3 * r + c4 * y + c5 * x
            name = name_b if b < a else name_a
            a = b if b < a else a
            name = name_c if c < a else name
            a = c if c < a else a
            closer = (k == 0) | (a < best[n])
            choice[n] = name if closer else choice[n]
            best[n] = a if closer else best[n]


@kernel
def _write(choice, centre, labels):
    count = 0
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            labels[y, x] = centre[choice[count]]
            count += 1


@kernel
def _sum_up(pixels, start, count, choice, centre, y0, x0, sums):
    """Add the pixels to the sums of their centres, a run of the same choice at once."""
    n = 0
    while n < count:
        k, before = choice[n], n
        p, q, r, y, x = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        while n < count and choice[n] == k:
            p += pixels[0, start + n]
            q += pixels[1, start + n]
            r += pixels[2, start + n]
            y += pixels[3, start + n]
            x += pixels[4, start + n]
            n += 1
        total, size = sums[centre[k]], np.float64(n - before)
        total[0] += p
        total[1] += q
        total[2] += r
        total[3] += y + y0 * size
        total[4] += x + x0 * size
        total[5] += size


@kernel
def halve(planes, out):
    """Write the means of 2 × 2 pixels into `out`, float32; an odd last row or column is left out."""
    channels, rows, cols = out.shape
    for c in range(channels):
        for y in range(rows):
            for x in range(cols):
                upper = planes[c, 2 * y, 2 * x] + planes[c, 2 * y, 2 * x + 1]
                lower = planes[c, 2 * y + 1, 2 * x] + planes[c, 2 * y + 1, 2 * x + 1]
                out[c, y, x] = np.float32(0.25) * (upper + lower)
