"""Loading over HTTP, as the editor does."""

import json
import struct

import numpy as np
from django.urls import reverse

from annotation.imaging.png import decode_label_tile
from annotation.imaging.tiles import bands

HEIGHT, WIDTH = 600, 700  # px: those of the images that the fixtures make


def load(client, annotation, plane=0, **query):
    return client.get(reverse("labels_load", args=[annotation.pk, plane]), query)


def unpack(response) -> tuple[dict, dict[tuple[int, int], np.ndarray]]:
    """Read an answer by the format of the protocol: its header, and the tiles by place."""
    data = response.content
    (length,) = struct.unpack(">I", data[:4])
    header = json.loads(data[4 : 4 + length])
    at, tiles = 4 + length, {}
    for tile in header["tiles"]:
        png = data[at : at + tile["length"]]
        tiles[tile["column"], tile["row"]] = decode_label_tile(png, frozenset(range(256)))
        at += tile["length"]
    assert at == len(data)
    return header, tiles


def whole(response) -> np.ndarray:
    _, tiles = unpack(response)
    return np.vstack(list(bands(WIDTH, HEIGHT, tiles, lambda *place: tiles[place])))
