"""The loop of the merge tree: the two neighbouring regions that differ least become one, until one is left."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel
from annotation.imaging.superpixels.kernels.regions import NEVER, find


@kernel
def merge_all(size, mean, alarm, pairs):
    """Merge greedily by Ward's cost |a||b|/(|a|+|b|)·‖μa−μb‖².

    Every region has one entry in the heap: its cheapest neighbour when it last looked. Merging makes neighbours
    disappear, and the edges of what appears instead are in the entry of the merged region, which looks at them all.
    So an entry is never too dear, and looking again when it comes up is soon enough.

    Parameters
    ----------
    size : (n,) float64 ndarray
        Pixels of each segment.
    mean : (n, 3) float64 ndarray
        Their mean colours.
    alarm : (n,) float64 ndarray
        How much each is of two colours.
    pairs : (2, edges) int32 ndarray
        Neighbours; one pair may come several times.

    Returns
    -------
    children : (m, 2) int32 ndarray
        What each merge joined; node n+i is the result of merge i. m = n−1 if the segments are connected.
    cost : (m,) float64 ndarray
    alarms : (n + m,) float64 ndarray
        Of a merged node the greatest of: the distance of its children's means × √(4·w₀·w₁), and each child's own
        × √w, w being the children's shares of the pixels.
    """
    n = len(size)
    nodes = 2 * n - 1
    sizes, means, alarms = np.empty(nodes), np.empty((nodes, 3)), np.empty(nodes)
    sizes[:n], means[:n], alarms[:n] = size, mean, alarm
    parent = np.arange(nodes).astype(np.int32)
    seen, partner = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    begin, end, following, target = _half_edges(pairs, nodes)
    keys, heap = np.empty(nodes, np.float64), np.empty(nodes, np.int32)
    filled = 0
    for a in range(n):
        partner[a], key = _cheapest(a, a, sizes, means, parent, seen, begin, end, following, target)
        if partner[a] >= 0:
            filled = _push(keys, heap, filled, key, a)
    children, cost = np.empty((n - 1, 2), np.int32), np.empty(n - 1, np.float64)
    merges, look = 0, n
    while filled > 0:
        a, price = heap[0], keys[0]
        filled = _pop(keys, heap, filled)
        if parent[a] != a:
            continue
        b, c = partner[a], a
        if parent[b] == b:
            c = n + merges
            children[merges, 0], children[merges, 1], cost[merges] = a, b, price
            merges += 1
            _join(a, b, c, sizes, means, alarms)
            parent[a] = parent[b] = c
            begin[c], end[c] = begin[a], end[b]
            following[end[a]] = begin[b]
        partner[c], key = _cheapest(c, look, sizes, means, parent, seen, begin, end, following, target)
        look += 1
        if partner[c] >= 0:
            filled = _push(keys, heap, filled, key, c)
    return children[:merges], cost[:merges], alarms[: n + merges]


@kernel
def _half_edges(pairs, nodes):
    """Return every node's edges as a linked list from `begin` to `end`: the edge after, and where each leads."""
    begin, end = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    count = pairs.shape[1]
    following, target = np.full(2 * count, -1, np.int32), np.empty(2 * count, np.int32)
    for side in range(2):
        for e in range(count):
            edge, a = side * count + e, pairs[side, e]
            target[edge] = pairs[1 - side, e]
            if begin[a] < 0:
                begin[a] = edge
            else:
                following[end[a]] = edge
            end[a] = edge
    return begin, end, following, target


@kernel
def _cheapest(a, look, sizes, means, parent, seen, begin, end, following, target):
    """Return the neighbour that is cheapest to merge with, the first of equals, and the cost; −1 if there is none.

    On the way edges that lead inside or where another edge leads are unlinked; `look` is a number of this call's own.
    """
    best, least = -1, NEVER
    last, edge = -1, begin[a]
    while edge >= 0:
        b = find(parent, target[edge])
        if b != a and seen[b] != look:
            seen[b] = look
            target[edge] = b
            distance = (
                (means[a, 0] - means[b, 0]) ** 2 + (means[a, 1] - means[b, 1]) ** 2 + (means[a, 2] - means[b, 2]) ** 2
            )
            cost = sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * distance
            if best < 0 or cost < least or (cost == least and b < best):
                best, least = b, cost
            if last < 0:
                begin[a] = edge
            else:
                following[last] = edge
            last = edge
        edge = following[edge]
    if last >= 0:
        following[last] = -1
        end[a] = last
    return best, least


@kernel
def _join(a, b, c, sizes, means, alarms):
    total = sizes[a] + sizes[b]
    u, v = sizes[a] / total, sizes[b] / total
    distance = 0.0
    for q in range(3):
        distance += (means[a, q] - means[b, q]) ** 2
        means[c, q] = u * means[a, q] + v * means[b, q]
    sizes[c] = total
    alarms[c] = max(np.sqrt(distance * 4 * u * v), max(alarms[a] * np.sqrt(u), alarms[b] * np.sqrt(v)))


@kernel
def _before(key, node, other_key, other_node):
    return key < other_key or (key == other_key and node < other_node)


@kernel
def _push(keys, heap, filled, key, node):
    """Add an entry; return how many there are."""
    at = filled
    while at > 0:
        up = (at - 1) // 2
        if not _before(key, node, keys[up], heap[up]):
            break
        keys[at], heap[at] = keys[up], heap[up]
        at = up
    keys[at], heap[at] = key, node
    return filled + 1


@kernel
def _pop(keys, heap, filled):
    """Remove the first entry; return how many are left."""
    filled -= 1
    key, node = keys[filled], heap[filled]
    at = 0
    while 2 * at + 1 < filled:
        down = 2 * at + 1
        if down + 1 < filled and _before(keys[down + 1], heap[down + 1], keys[down], heap[down]):
            down += 1
        if not _before(keys[down], heap[down], key, node):
            break
        keys[at], heap[at] = keys[down], heap[down]
        at = down
    keys[at], heap[at] = key, node
    return filled


@kernel
def number_in_order(labels, count):
    """Number the labels that occur, of 0…count−1, in the order of their first pixels.

    Returns
    -------
    number : (count,) int32 ndarray
        −1 for labels that do not occur.
    found : int
        How many occur.
    """
    number = np.full(count, -1, np.int32)
    found = 0
    rows, cols = labels.shape
    for y in range(rows):
        for x in range(cols):
            if number[labels[y, x]] < 0:
                number[labels[y, x]] = found
                found += 1
    return number, found


@kernel
def restrict(children, number):
    """Keep the merges whose two sides both have segments in a part of the image.

    Parameters
    ----------
    children : (m, 2) int32 ndarray
        As from `merge_all`.
    number : (n,) int32 ndarray
        The number that each segment has in the part, −1 where it has none.

    Returns
    -------
    kept : (k,) int32 ndarray
        Which merges remain.
    merges : (k, 2) uint16 ndarray
        For each of them a segment of the part on either side: the one with the smallest number.
    """
    n, m = len(number), len(children)
    least = np.full(n + m, -1, np.int32)
    least[:n] = number
    kept, merges = np.empty(m, np.int32), np.empty((m, 2), np.uint16)
    count = 0
    for i in range(m):
        a, b = least[children[i, 0]], least[children[i, 1]]
        least[n + i] = max(a, b) if a < 0 or b < 0 else min(a, b)
        if a >= 0 and b >= 0:
            kept[count], merges[count, 0], merges[count, 1] = i, min(a, b), max(a, b)
            count += 1
    return kept[:count], merges[:count]
