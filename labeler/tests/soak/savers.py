"""People who save without rest, over HTTP as the editor does, and remember what they were told."""

import contextlib
import hashlib
import http.client
import json
import random
import re
import struct
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

import numpy as np

from annotation.imaging.png import decode_label_tile, encode_label_tile
from annotation.tests.painting import saved_sha256, tile_entry

PLACES = [(plane, column, row) for plane in (0, 1) for column in (0, 1) for row in (0, 1)]
TROUBLE = (OSError, http.client.HTTPException)
PAUSE_SECONDS = 0.05  # between attempts while the server is gone
PATIENCE_SECONDS = 600  # on a busy machine others are faster again and again between one kill and the next
Place = tuple[int, int, int]


class Protocol(Exception):
    """The server answered what it must never answer."""


class Browser:
    """One person's connection to the site; cookies outlive the server."""

    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, str] = {}
        self.link: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: bytes = b"", headers=()) -> tuple[int, bytes]:
        """Ask once; raises one of TROUBLE if the server goes away meanwhile. A 503 must say when to come again."""
        if self.link is None:
            self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self.link.request(method, path, body, {"Cookie": cookies, **dict(headers)})
            response = self.link.getresponse()
            content = response.read()
        except TROUBLE:
            self.close()
            raise
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.status == 503 and "Retry-After" not in response.headers:
            raise Protocol(f"{path} was answered 503 without Retry-After")
        return response.status, content

    def close(self) -> None:
        link, self.link = self.link, None
        if link:
            link.close()

    def log_in(self, username: str, password: str) -> None:
        _, page = self.request("GET", "/accounts/login/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        form = {"login": username, "password": password, "csrfmiddlewaretoken": token[1].decode()}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, page = self.request("POST", "/accounts/login/", urllib.parse.urlencode(form).encode(), kind)
        assert status == 302, page


@dataclass
class Acknowledged:
    """A save that the server said it has: what was sent, and what all of the labels were then."""

    revision: int
    saved_sha256: str
    blobs: dict[Place, str | None]
    labels: dict[Place, str]


@dataclass
class Saver:
    """Saves random tiles of one annotation, each until it is acknowledged, until told to stop."""

    username: str
    annotation: int
    port: int
    random: random.Random
    stop: threading.Event
    head: int
    labels: dict[Place, str]  # digests of the pixels where there are any
    log: list[Acknowledged] = field(default_factory=list)
    repeated: int = 0  # attempts beyond the first of each save
    unavailable: int = 0  # answers with 503

    def __post_init__(self):
        self.browser = Browser(self.port)
        self.path = f"/annotations/{self.annotation}"

    def run(self) -> None:
        while not self.stop.is_set():
            self.save()

    def save(self) -> None:
        kind = "checkpoint" if self.random.random() < 0.2 else "autosave"
        tiles = {place: self.tile(place[0]) for place in self.random.sample(PLACES, self.random.randint(1, 3))}
        pngs = {place: encode_label_tile(pixels) for place, pixels in tiles.items() if pixels is not None}
        entries = [tile_entry(*place, pixels) for place, pixels in tiles.items()]
        digest = saved_sha256(entries)
        body = {"kind": kind, "saved_sha256": digest, "tiles": entries, "activity": {}}
        told = self.send(json.dumps(body), pngs)
        if (told["revision"], told["saved_sha256"]) != (self.head + 1, digest):
            raise Protocol(f"{self.username} saved over revision {self.head} and was told {told}")
        self.head += 1
        for entry in entries:
            place = entry["plane"], entry["column"], entry["row"]
            self.labels.pop(place, None)
            if not entry.get("cleared"):
                self.labels[place] = entry["pixels_sha256"]
        blobs = {place: hashlib.sha256(pngs[place]).hexdigest() if place in pngs else None for place in tiles}
        self.log.append(Acknowledged(self.head, digest, blobs, dict(self.labels)))

    def tile(self, plane: int) -> np.ndarray | None:
        """Some rectangles, or None for a place that is cleared; now and then the very pixels of earlier."""
        if self.random.random() < 0.1:
            return None
        tile = np.zeros((512, 512), np.uint8)
        for _ in range(self.random.choice([1, 3, 40])):
            top, left = self.random.randrange(0, 500, 20), self.random.randrange(0, 500, 20)
            tile[top : top + 60, left : left + 60] = self.random.randint(1, 5)
        return tile

    def send(self, text: str, pngs: dict[Place, bytes]) -> dict:
        """Post until there is an answer, always under the same key."""
        key, boundary = str(uuid.uuid4()), uuid.uuid4().hex
        body = multipart(boundary, text, pngs)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "If-Match": f'"{self.head}"',
                "Idempotency-Key": key,
                "X-CSRFToken": self.browser.cookies["csrftoken"],
            }
            with contextlib.suppress(*TROUBLE):
                status, content = self.browser.request("POST", f"{self.path}/revisions/", body, headers)
                if status == 200:
                    return json.loads(content)
                if status != 503:
                    raise Protocol(f"{self.username} was answered {status}: {content[:500]!r}")
                self.unavailable += 1
            self.repeated += 1
            time.sleep(PAUSE_SECONDS)
        raise Protocol(f"{self.username} was not answered for {PATIENCE_SECONDS} s")

    def read(self, revision: int) -> dict[Place, str]:
        """Return the digests of the labels at a revision, as the server shows them."""
        found = {}
        self.browser.close()  # the server may have, since
        for plane in (0, 1):
            status, content = self.browser.request("GET", f"{self.path}/labels/{plane}/?revision={revision}")
            if status != 200:
                raise Protocol(f"revision {revision} of {self.username} was answered {status}: {content[:500]!r}")
            (length,) = struct.unpack_from(">I", content)
            at = 4 + length
            for tile in json.loads(content[4:at])["tiles"]:
                pixels = decode_label_tile(content[at : at + tile["length"]], frozenset(range(256)))
                found[plane, tile["column"], tile["row"]] = hashlib.sha256(pixels.tobytes()).hexdigest()
                at += tile["length"]
        return found


def multipart(boundary: str, text: str, pngs: dict[Place, bytes]) -> bytes:
    parts = [b'Content-Disposition: form-data; name="save"\r\n\r\n' + text.encode()]
    for (plane, column, row), png in pngs.items():
        name = f'Content-Disposition: form-data; name="{plane}/{column}/{row}"; filename="tile.png"\r\n'
        parts.append(name.encode() + b"Content-Type: image/png\r\n\r\n" + png)
    start = f"--{boundary}\r\n".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
