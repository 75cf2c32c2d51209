"""The loop of SLIC: assign each pixel to the best of nine centres, move the centres to the means."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel


@kernel
def iterate(planes, down, across, centres, weight, labels, last):
    """Assign every pixel once; then move the centres, or, the `last` time, write the labels.

    The pixels of a grid cell are compared with the centres of the 3 × 3 cells around it, a row at a time and one
    centre after the other, so that the compiler can use vector instructions. The squared distance is multiplied out:
    |p − c|² = |p|² + |c|² − 2 p·c, and |p|² is the same for every centre. `down` and `across` are the edges of the
    cells.
    """
    grid_rows, grid_cols = len(down) - 1, len(across) - 1
    sums = np.zeros((grid_rows * grid_cols, 6), np.float64)
    widest = np.diff(across).max()
    best, choice = np.empty(widest, np.float32), np.empty(widest, np.int32)
    factor, centre = np.empty((9, 6), np.float32), np.empty(9, np.int32)
    cell = np.empty((9, 6), np.float32)
    minus_two = np.float32(-2)
    for i in range(grid_rows):
        y0, y1 = down[i], down[i + 1]
        for j in range(grid_cols):
            x0, x1 = across[j], across[j + 1]
            width, near = x1 - x0, 0
            for ii in range(max(0, i - 1), min(grid_rows, i + 2)):
                for jj in range(max(0, j - 1), min(grid_cols, j + 2)):
                    c = centres[ii * grid_cols + jj]
                    cy, cx = c[3] - np.float32(y0), c[4] - np.float32(x0)
                    centre[near] = ii * grid_cols + jj
                    factor[near, 0] = c[0] * c[0] + c[1] * c[1] + c[2] * c[2] + weight * (cy * cy + cx * cx)
                    for q in range(3):
                        factor[near, 1 + q] = minus_two * c[q]
                    factor[near, 4] = minus_two * weight * cy
                    factor[near, 5] = minus_two * weight * cx
                    near += 1
            cell[:] = np.float32(0)
            for y in range(y0, y1):
                light, red, yellow = planes[0, y, x0:x1], planes[1, y, x0:x1], planes[2, y, x0:x1]
                below = np.float32(y - y0)
                best[:width] = np.float32(np.inf)
                for k in range(near):
                    constant = factor[k, 0] + factor[k, 4] * below
                    f1, f2, f3, f5, name = factor[k, 1], factor[k, 2], factor[k, 3], factor[k, 5], np.int32(k)
                    for x in range(width):
                        distance = constant + f1 * light[x] + f2 * red[x] + f3 * yellow[x] + f5 * np.float32(x)
                        closer = distance < best[x]
                        best[x] = distance if closer else best[x]
                        choice[x] = name if closer else choice[x]
                if last:
                    for x in range(width):
                        labels[y, x0 + x] = centre[choice[x]]
                else:
                    for x in range(width):
                        k = choice[x]
                        cell[k, 0] += light[x]
                        cell[k, 1] += red[x]
                        cell[k, 2] += yellow[x]
                        cell[k, 3] += below
                        cell[k, 4] += np.float32(x)
                        cell[k, 5] += np.float32(1)
            if not last:
                for k in range(near):
                    total, size = sums[centre[k]], cell[k, 5]
                    for q in range(3):
                        total[q] += cell[k, q]
                    total[3] += cell[k, 3] + y0 * size
                    total[4] += cell[k, 4] + x0 * size
                    total[5] += size
    if not last:
        for k in range(len(sums)):
            if sums[k, 5] > 0:
                for q in range(5):
                    centres[k, q] = sums[k, q] / sums[k, 5]


@kernel
def halve(planes):
    """Return the means of 2 × 2 pixels; an odd last row or column is left out."""
    channels, rows, cols = planes.shape
    out = np.empty((channels, rows // 2, cols // 2), np.float32)
    for c in range(channels):
        for y in range(rows // 2):
            for x in range(cols // 2):
                upper = planes[c, 2 * y, 2 * x] + planes[c, 2 * y, 2 * x + 1]
                lower = planes[c, 2 * y + 1, 2 * x] + planes[c, 2 * y + 1, 2 * x + 1]
                out[c, y, x] = np.float32(0.25) * (upper + lower)
    return out
