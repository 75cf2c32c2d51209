"""Which pixels one segment has at a level, computed again from nothing but the files that the server sent.

Written without a look at the editor's code, from the description of the tree file: brute force over merges and pixels.
"""

import gzip
import io
import json
import struct
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Response

NOBODY = 65_535


class MapFile:
    """The map of one region: ids (rows, cols), and from its tree heights, merges (m, 2), beyond and straddle."""

    def __init__(self, png: bytes, tree: bytes, x: int = 0, y: int = 0):
        self.x, self.y = x, y
        self.ids = np.asarray(Image.open(io.BytesIO(png))).astype(np.int64)
        data = gzip.decompress(tree) if tree[:2] == b"\x1f\x8b" else tree
        (length,) = struct.unpack_from("<I", data)
        self.header = json.loads(data[4 : 4 + length])
        self.count, merges = self.header["segments"], self.header["merges"]
        rows, cols = self.ids.shape
        sides = {"left": rows, "right": rows, "top": cols, "bottom": cols}
        parts = [("<f4", merges), ("<u2", 2 * merges)]
        parts += [("<u2", sides[side]) for side in self.header["beyond"]] + [("u1", self.count + merges)]
        arrays, at = [], 4 + length
        for kind, size in parts:
            arrays.append(np.frombuffer(data, kind, size, at))
            at += arrays[-1].nbytes
        assert at == len(data)
        self.heights, pairs, *beyond, self.straddle = arrays
        self.merges = pairs.reshape(-1, 2).astype(np.int64)
        self.beyond = dict(zip(self.header["beyond"], (array.astype(np.int64) for array in beyond), strict=True))

    def nodes(self, level: float) -> np.ndarray:
        """Return (n,) int: the node that each segment belongs to when all merges up to `level` are done."""
        nodes = np.arange(self.count)
        for merge in range(int(np.count_nonzero(self.heights <= level))):
            one, other = nodes[self.merges[merge]]
            nodes[(nodes == one) | (nodes == other)] = self.count + merge
        return nodes

    def next_height(self, node: int, level: float) -> float:
        """Return the height of the first merge above `level` that the node takes part in."""
        nodes = self.nodes(level)
        for height, pair in zip(self.heights, self.merges, strict=True):
            if height > level and node in nodes[pair]:
                return float(height)
        raise AssertionError("The node is the root.")


class Mosaic:
    """All maps of an image side by side; what `partners` names across a seam is one."""

    def __init__(self, width: int, height: int, maps: list[MapFile]):
        self.shape = (height, width)
        self.maps = maps

    def segment(self, pixel: tuple[int, int], level: float) -> np.ndarray:
        """Return the (rows, cols) bool array of the joined segment that holds the pixel (x, y)."""
        nodes = [each.nodes(level) for each in self.maps]
        group = {self.place(pixel, nodes)}
        joins = self.joins(nodes)
        while grown := {b for a, b in joins if a in group} | {a for a, b in joins if b in group}:
            if grown <= group:
                break
            group |= grown
        found = np.zeros(self.shape, bool)
        for index, node in group:
            each = self.maps[index]
            rows, cols = each.ids.shape
            found[each.y : each.y + rows, each.x : each.x + cols] |= (nodes[index] == node)[each.ids]
        return found

    def place(self, pixel: tuple[int, int], nodes: list[np.ndarray]) -> tuple[int, int]:
        """Return which map and node of it a pixel belongs to."""
        for index, each in enumerate(self.maps):
            row, col = pixel[1] - each.y, pixel[0] - each.x
            if 0 <= row < each.ids.shape[0] and 0 <= col < each.ids.shape[1]:
                return index, int(nodes[index][each.ids[row, col]])
        raise AssertionError(f"There is no map at {pixel}.")

    def joins(self, nodes: list[np.ndarray]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        found = []
        for i, one in enumerate(self.maps):
            for j, other in enumerate(self.maps):
                if (one.x + one.ids.shape[1], one.y) == (other.x, other.y):
                    edges = one.ids[:, -1], other.ids[:, 0], one.beyond["right"], other.beyond["left"]
                elif (one.x, one.y + one.ids.shape[0]) == (other.x, other.y):
                    edges = one.ids[-1], other.ids[0], one.beyond["bottom"], other.beyond["top"]
                else:
                    continue
                found += [((i, a), (j, b)) for a, b in partners(*edges, nodes[i], nodes[j])]
        return found


def partners(edge, other_edge, beyond, other_beyond, nodes, other_nodes) -> list[tuple[int, int]]:
    """Return the pairs of nodes on the two sides of a seam that are one to a person.

    They name each other more often than anybody else; or one is merged of segments and names the other most often.
    """
    votes = np.zeros((nodes.max() + 1, other_nodes.max() + 1), np.int64)
    for own, theirs, claimed, claiming in zip(edge, other_edge, beyond, other_beyond, strict=True):
        if claimed != NOBODY:
            votes[nodes[claimed], other_nodes[theirs]] += 1
        if claiming != NOBODY:
            votes[nodes[own], other_nodes[claiming]] += 1
    best, best_other = votes.argmax(axis=1), votes.argmax(axis=0)
    return [
        (int(a), int(b))
        for a, b in zip(*votes.nonzero(), strict=True)
        if (best[a] == b and (best_other[b] == a or a >= len(nodes))) or (best_other[b] == a and b >= len(other_nodes))
    ]


class Traffic:
    """The superpixel files that a page received, by their place in the image; the newest of each."""

    def __init__(self, page: Page):
        self.responses: list[Response] = []
        page.on("response", lambda response: self.responses.append(response) if is_map(response) else None)

    def maps(self) -> list[MapFile]:
        files: dict[tuple[int, int], dict[str, bytes]] = {}
        for response in self.responses:
            query = parse_qs(urlsplit(response.url).query)
            place = int(query["x"][0]), int(query["y"][0])
            files.setdefault(place, {})[urlsplit(response.url).path.rsplit(".")[-1]] = response.body()
        return [MapFile(found["png"], found["tree"], *place) for place, found in files.items()]


def is_map(response: Response) -> bool:
    return "/superpixels/" in response.url and "background=1" not in response.url and response.ok
