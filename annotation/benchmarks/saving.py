"""Saves and loads through the real server, and the work and bytes of a save against the way of the seed.

The seed, the small application that Labeler grew from, sent the whole mask as a JSON list at every save. Rows of
PostgreSQL are measured where TEST_DATABASE_URL names a server.
"""

import hashlib
import json
import os
import statistics
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from annotation.benchmarks import Measurement, interleaved
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.png import decode_label_tile, encode_label_tile
from annotation.imaging.tiles import is_empty_outside, split
from annotation.tests.painting import saved_sha256, tile_entry
from labeler.tests.installation import Installation
from labeler.tests.soak.rounds import Site
from labeler.tests.soak.savers import Browser, multipart

SIDE_PX = 1024
IMAGE_SIDE_PX = 4096  # of the images that are saved to the server: 64 places
SAVERS = 8
ROUNDS = 30
AUTOSAVES = 1000
STAY = 50  # autosaves before a person goes on to other tiles
VALUES = frozenset(range(6))
FOUR_TILES = "?columns=4&rows=1"
Place = tuple[int, int, int]


def measure() -> Iterator[Measurement]:
    yield from against_seed()
    for name, server in databases():
        with TemporaryDirectory(prefix="labeler-saving-") as folder:
            installation = Installation(Path(folder, "site"), server=server, WORKER_PROCESSES="0", LOG_LEVEL="WARNING")
            with installation:
                yield from through_server(name, installation)


def databases() -> Iterator[tuple[str, str]]:
    yield "sqlite", "sqlite"
    if os.environ.get("TEST_DATABASE_URL", "").startswith("postgres"):
        yield "postgresql", os.environ["TEST_DATABASE_URL"]


def mask() -> np.ndarray:
    """The classes of a tissue phantom as an annotator would label them: (1024, 1024) uint8."""
    return tissue_phantom(SIDE_PX, SIDE_PX, seed=1)[1].astype(np.uint8)


def against_seed() -> Iterator[Measurement]:
    labels = mask()
    text = json.dumps(labels.ravel().tolist(), separators=(",", ":"))
    tiles = {place: encode_label_tile(pixels) for place, pixels in split(labels).items()}

    def seed() -> None:
        pixels = np.array(json.loads(text), np.uint8).reshape(SIDE_PX, SIDE_PX)
        hashlib.sha256(pixels.tobytes()).hexdigest()
        assert np.isin(pixels, list(VALUES)).all()

    def ours() -> None:
        for (column, row), png in tiles.items():
            pixels = decode_label_tile(png, VALUES)
            hashlib.sha256(png).hexdigest()
            hashlib.sha256(pixels.data).hexdigest()
            assert is_empty_outside(pixels, column, row, SIDE_PX, SIDE_PX)

    seconds = interleaved(rounds=9, seed=seed, ours=ours)
    yield Measurement(
        name="save_decode_vs_seed",
        figure=seconds["seed"] / seconds["ours"],
        unit="×",
        direction="min",
        baseline=f"CPU time of reading, hashing and checking the seed's JSON list ({1000 * seconds['seed']:.0f} ms) "
        f"over the same of our four tiles ({1000 * seconds['ours']:.1f} ms), {SIDE_PX}²",
        must=20,
        aim=35,
    )
    size = sum(map(len, tiles.values()))
    yield Measurement(
        name="save_bytes_vs_seed",
        figure=len(text) / size,
        unit="×",
        direction="min",
        baseline=f"bytes of the seed's JSON list ({len(text):,}) over bytes of our four tiles ({size:,}), {SIDE_PX}²",
        must=20,
        aim=35,
    )


class Desk:
    """One person with one annotation, who always saves upon the last revision."""

    def __init__(self, port: int, person: dict, password: str):
        self.browser = Browser(port)
        self.browser.log_in(person["username"], password)
        self.path = f"/annotations/{person['annotation']}"
        self.head = 2  # `seed` has saved twice
        self.random = np.random.default_rng(person["annotation"])
        self.labels = split(np.zeros((IMAGE_SIDE_PX, IMAGE_SIDE_PX), np.uint8))

    def paint(self, places: int, first: int = 0) -> dict[Place, np.ndarray]:
        """Draw a stroke of the brush into each of some places; return their tiles, of the plane of labels."""
        painted = {}
        for place in list(self.labels)[first : first + places]:
            stroke(self.labels[place], self.random)
            painted[0, *place] = self.labels[place]
        return painted

    def save(self, tiles: dict[Place, np.ndarray], kind: str = "autosave") -> float:
        """Save, and return how many milliseconds the server took to answer."""
        entries, boundary = [tile_entry(*place, pixels) for place, pixels in tiles.items()], uuid.uuid4().hex
        text = json.dumps({"kind": kind, "saved_sha256": saved_sha256(entries), "tiles": entries})
        body = multipart(boundary, text, {place: encode_label_tile(pixels) for place, pixels in tiles.items()})
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "If-Match": f'"{self.head}"',
            "Idempotency-Key": str(uuid.uuid4()),
            "X-CSRFToken": self.browser.cookies["csrftoken"],
        }
        return self.ask("POST", f"{self.path}/revisions/", body, headers, moves=1)

    def load(self, query: str = "") -> float:
        return self.ask("GET", f"{self.path}/labels/0/{query}")

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict | None = None, moves: int = 0) -> float:
        self.browser.close()  # the server may have, since
        started = time.perf_counter()
        status, content = self.browser.request(method, path, body, headers or {})
        milliseconds = 1000 * (time.perf_counter() - started)
        if status != 200:
            raise RuntimeError(f"{path} was answered {status}: {content[:300]!r}")
        self.head += moves
        return milliseconds


def stroke(tile: np.ndarray, random: np.random.Generator) -> None:
    """Paint a (512, 512) uint8 tile along a line of at most 150 px with a brush of 30 px."""
    x, y = random.integers(0, 512, 2)
    dx, dy = random.integers(-100, 100, 2)
    rows, columns = np.ogrid[:512, :512]
    along = np.clip(((columns - x) * dx + (rows - y) * dy) / max(1, dx * dx + dy * dy), 0, 1)
    tile[(columns - x - along * dx) ** 2 + (rows - y - along * dy) ** 2 <= 15**2] = random.integers(1, 6)


def through_server(database: str, installation: Installation) -> Iterator[Measurement]:
    seeded = installation.seed(str(SAVERS), "1", str(IMAGE_SIDE_PX))
    site = Site(installation)
    try:
        site.start()
        site.wait()
        desks = [Desk(site.port, person, seeded["password"]) for person in seeded["people"]]
        yield from times(database, desks[0])
        yield saves_per_second(database, desks)
        yield from thousand_autosaves(database, installation, desks[1], desks[2])
    finally:
        site.end()


def times(database: str, desk: Desk) -> Iterator[Measurement]:
    for places, must in ((1, 150), (4, 150), (64, 1000)):
        desk.save(desk.paint(places))
        milliseconds = [desk.save(desk.paint(places)) for _ in range(ROUNDS)]
        yield from percentiles(f"save_{places}_tiles_ms_{database}", milliseconds, must)
    desk.load()
    yield from percentiles(f"load_64_tiles_ms_{database}", [desk.load() for _ in range(ROUNDS)], 300)


def percentiles(name: str, milliseconds: list[float], must: int) -> Iterator[Measurement]:
    for part, figure in (
        ("p50", statistics.median(milliseconds)),
        ("p95", statistics.quantiles(milliseconds, n=20)[-1]),
    ):
        baseline = f"from the first byte sent to the last one received, {len(milliseconds)} requests, one web process"
        yield Measurement(f"{name}_{part}", float(figure), "ms", "max", baseline, must, must / 3)


def saves_per_second(database: str, desks: list[Desk]) -> Measurement:
    def work(desk: Desk) -> None:
        for _ in range(ROUNDS):
            desk.save(desk.paint(1))

    started = time.perf_counter()
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(work, desks))
    figure = len(desks) * ROUNDS / (time.perf_counter() - started)
    baseline = f"{len(desks)} people who save one tile each without a pause, on the same machine, one web process"
    return Measurement(f"saves_per_second_{database}", figure, "1/s", "min", baseline, 10, 50)


def thousand_autosaves(database: str, installation: Installation, old: Desk, young: Desk) -> Iterator[Measurement]:
    before = size_of(installation)
    for number in range(AUTOSAVES):
        old.save(old.paint(4, first=4 * (number // STAY % 16)))
    figure = (size_of(installation) - before) / 1e6 * 1000 / AUTOSAVES
    baseline = f"growth of the `labels` store; an autosave is a stroke in each of 4 tiles, {STAY} of them in one place"
    yield Measurement(f"mb_per_1000_autosaves_{database}", figure, "MB", "max", baseline, 25, 15)
    pairs: dict[str, list[tuple[float, float]]] = {"save": [], "load": []}
    for _ in range(ROUNDS):
        pairs["save"].append((old.save(old.paint(4)), young.save(young.paint(4))))
        pairs["load"].append((old.load(FOUR_TILES), young.load(FOUR_TILES)))
    for what, measured in pairs.items():
        late, early = (statistics.median(column) for column in zip(*measured, strict=True))
        baseline = (
            f"median of {what} after {old.head} revisions ({late:.1f} ms) over that after {young.head} ({early:.1f} ms)"
        )
        yield Measurement(f"revision_1000_over_1_{what}_{database}", late / early, "×", "max", baseline, 1.2, 1.05)


def size_of(installation: Installation) -> int:
    return sum(path.stat().st_size for path in installation.files("labels").values())
