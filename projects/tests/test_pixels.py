"""Parts of large images: the right pixels, made again when missing, by one request for all."""

import errno
import io
import threading

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from PIL import Image as Picture

from annotation import workers
from annotation.imaging.superpixels.maps import Region
from annotation.imaging.workers import WorkerBusy
from annotation.tests.stored import read, write
from projects import tasks
from projects.pixels import pieces
from projects.tasks import is_whole, make_tiles, pixel_tile_name
from projects.tests.factories import ImageFactory

PIXELS = np.random.default_rng(4).integers(0, 256, (700, 2100, 3), np.uint8)


@pytest.fixture
def image(project):
    return ImageFactory(project=project, pixels=PIXELS)


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process, without what follows it; the list tells with which options."""
    calls = []
    monkeypatch.setattr("annotation.tasks.maps_of", lambda *args: [])  # superpixels are another matter
    monkeypatch.setattr(workers, "wait_until_ready", lambda: None)

    def run(function, *args, seconds, **options):
        calls.append(options)
        return function(*args)

    monkeypatch.setattr(workers, "run", run)
    return calls


def disk_is_full(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def put_together(found):
    """The pixels that pieces cover, and where they begin."""
    x, y = min(piece.x for piece in found), min(piece.y for piece in found)
    parts = {(piece.x, piece.y): np.asarray(Picture.open(io.BytesIO(piece.png))) for piece in found}
    rows = [
        np.hstack([parts[left, top] for left, at in sorted(parts) if at == top])
        for top in sorted({at for _, at in parts})
    ]
    return x, y, np.vstack(rows)


def test_a_smaller_image_is_one_piece_its_own_file(project, calls):
    image = ImageFactory(project=project, pixels=np.zeros((3, 2048, 3), np.uint8))
    [piece] = pieces(image, Region(100, 1, 5, 2))
    with storages["images"].open(image.pixels_name) as file:
        assert (piece.x, piece.y, piece.png) == (0, 0, file.read())
    assert not calls


@pytest.mark.parametrize(
    ("window", "count"),
    [
        (Region(0, 0, 2100, 700), 10),
        (Region(0, 0, 512, 512), 1),
        (Region(511, 511, 2, 2), 4),
        (Region(512, 0, 512, 1), 1),
        (Region(2099, 699, 1, 1), 1),
        (Region(300, 100, 900, 400), 3),
    ],
)
def test_pieces_cover_the_window_without_loss_and_are_no_more_than_it_touches(image, calls, window, count):
    found = pieces(image, window)
    assert len(found) == count
    x, y, pixels = put_together(found)
    part = pixels[window.y - y :, window.x - x :][: window.height, : window.width]
    assert (part == PIXELS[window.y :, window.x :][: window.height, : window.width]).all()
    assert part.shape == (window.height, window.width, 3)


def test_what_an_older_installation_lacks_is_made_once_in_the_turn_of_who_asks(image, calls):
    for _ in range(2):
        pieces(image, Region(0, 0, 600, 600), owner=7, background=True)
        pieces(image, Region(1500, 0, 600, 600), owner=8)
    assert calls == [{"owner": 7, "background": True}]


@pytest.mark.parametrize("how", ["missing", "empty", "cut off", "changed", "zeros"])
def test_a_tile_that_is_missing_or_damaged_is_made_again(image, calls, how):
    make_tiles.func(image.pk)
    store, name = storages["cache"], pixel_tile_name(image, 1, 0)
    whole = read("cache", name)
    store.delete(name)
    damaged = {
        "empty": b"",
        "cut off": whole[: len(whole) // 2],
        "changed": whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
        "zeros": whole[:4096] + bytes(len(whole) - 4096),
    }
    if how in damaged:
        store.save(name, ContentFile(damaged[how]))
    assert [piece.png for piece in pieces(image, Region(600, 0, 100, 100))] == [whole]
    assert len(calls) == 2


def test_several_damaged_tiles_are_made_again_at_once(image, calls):
    make_tiles.func(image.pk)
    whole = pieces(image, Region(0, 0, 1500, 100))
    store = storages["cache"]
    for column in range(2):
        store.save(pixel_tile_name(image, column, 0), ContentFile(b""))
    assert pieces(image, Region(0, 0, 1500, 100)) == whole
    assert len(calls) == 2
    assert pieces(image, Region(0, 0, 1500, 100)) == whole
    assert len(calls) == 2


def test_tiles_that_cannot_be_kept_are_answered_all_the_same(image, calls, monkeypatch, caplog):
    window = Region(300, 100, 900, 400)
    make_tiles.func(image.pk)
    whole = pieces(image, window)
    store = storages["cache"]
    store.save(pixel_tile_name(image, 0, 0), ContentFile(b""))
    store.delete(pixel_tile_name(image, 1, 0))
    monkeypatch.setattr(type(store), "_save", disk_is_full)
    monkeypatch.setattr(type(store), "delete", disk_is_full)
    assert pieces(image, window) == whole
    assert f"Tiles of image {image.pk} could not be kept: [Errno 28] No space left on device" in caplog.text


def test_pixels_that_are_gone_or_damaged_are_an_error_of_reading(image, calls):
    write("images", image.pixels_name, read("images", image.pixels_name)[:100])
    with pytest.raises(OSError, match="cannot be decoded"):
        pieces(image, Region(0, 0, 9, 9))
    storages["images"].delete(image.pixels_name)
    with pytest.raises(FileNotFoundError):
        pieces(image, Region(0, 0, 9, 9))


def test_pixels_come_from_a_worker_process(image):
    x, y, pixels = put_together(pieces(image, Region(0, 600, 2100, 100)))
    assert (x, y) == (0, 512)
    assert (pixels == PIXELS[512:]).all()


class Slow:
    """A call of a worker that goes on when it is told to."""

    def __init__(self, monkeypatch):
        self.started, self.go_on, self.calls = threading.Event(), threading.Event(), 0
        monkeypatch.setattr(workers, "run", self.run)

    def run(self, function, *args, **options):
        self.calls += 1
        self.started.set()
        assert self.go_on.wait(20)
        return function(*args)


def ask(image, results):
    thread = threading.Thread(target=lambda: results.append(len(pieces(image, Region(0, 0, 600, 600)))))
    thread.start()
    return thread


def test_of_several_who_ask_one_makes_them_few_wait_and_others_are_busy_at_once(image, monkeypatch):
    slow, results = Slow(monkeypatch), []
    threads = [ask(image, results)]
    assert slow.started.wait(20)
    for waiting in (1, 2):
        threads.append(ask(image, results))
        while workers.places.taken < waiting:
            threads[-1].join(0.01)
    with pytest.raises(WorkerBusy):
        pieces(image, Region(0, 0, 600, 600))
    slow.go_on.set()
    for thread in threads:
        thread.join(20)
    assert results == [4, 4, 4]
    assert slow.calls == 1
    assert workers.places.taken == 0


def test_what_nobody_waits_for_does_not_wait_for_tiles(image, monkeypatch):
    slow, results = Slow(monkeypatch), []
    first = ask(image, results)
    assert slow.started.wait(20)
    with pytest.raises(WorkerBusy):
        pieces(image, Region(0, 0, 600, 600), background=True)
    assert not results, "it was refused while the other was at work"
    slow.go_on.set()
    first.join(20)
    assert results == [4]


def test_one_image_does_not_wait_for_another(project, image, monkeypatch):
    other = ImageFactory(project=project, pixels=PIXELS)
    slow, results = Slow(monkeypatch), []
    first = ask(image, results)
    assert slow.started.wait(20)
    slow.started.clear()
    second = ask(other, results)
    assert slow.started.wait(20), "the second image began while the first was at work"
    slow.go_on.set()
    first.join(20)
    second.join(20)
    assert (slow.calls, results) == (2, [4, 4])


def test_whoever_fails_lets_the_next_one_try(image, calls):
    with pytest.raises(ZeroDivisionError), tasks.alone((image.key, "pixels"), seconds=1):
        1 / 0  # noqa: B018
    assert len(pieces(image, Region(0, 0, 9, 9))) == 1


def test_pictures_are_whole_to_their_end():
    buffers = {kind: io.BytesIO() for kind in ("PNG", "JPEG")}
    for kind, buffer in buffers.items():
        Picture.fromarray(PIXELS[:50, :50]).save(buffer, kind)
        assert is_whole(buffer.getvalue())
        assert not any(is_whole(buffer.getvalue()[:end]) for end in range(len(buffer.getvalue())))
    assert not is_whole(bytes(1000))
