"""What is made once keeps few threads waiting, together with all else that waits."""

import threading
import time

import pytest

from annotation import superpixel_maps, workers
from annotation.alone import Alone
from annotation.imaging.superpixels import get_algorithm
from annotation.imaging.superpixels.maps import Region
from annotation.imaging.turns import Places, Turns
from annotation.imaging.workers import WorkerBusy
from projects.models import Image

SERVER_THREADS, LEFT_FOR_SAVING = 8, 2


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class HeldPool:
    """A pool whose children work until `go_on`, in the places of the real one."""

    def __init__(self, children):
        self.go_on = threading.Event()
        self.turns = Turns(list(range(children)), workers.places)

    def run(self, function, *args, seconds, owner=None, background=False):
        turn = self.turns.ask(owner, background)
        if turn is None:
            raise WorkerBusy("full")
        try:
            assert turn.wait(20) is not None
            assert self.go_on.wait(20)
            raise WorkerBusy("enough")
        finally:
            self.turns.end(turn)


def ask(image, count, owner):
    slic = get_algorithm("slic")
    wanted = superpixel_maps.MapRequest(image, Region(0, 0, 9, 9), slic, slic.clean({"n_segments": count}))
    with pytest.raises(WorkerBusy):
        superpixel_maps.get_map(wanted, "png", owner=owner)


@pytest.mark.parametrize("people", [1, 12])
def test_whatever_is_asked_for_two_threads_are_left_for_saving(settings, monkeypatch, people):
    pool = HeldPool(settings.WORKER_PROCESSES)
    monkeypatch.setattr(workers, "run", pool.run)
    monkeypatch.setattr(superpixel_maps, "pieces", lambda *args, **options: [])
    monkeypatch.setattr(superpixel_maps, "kept_map", lambda wanted, twin: None)
    image = Image(pixels_sha256="0" * 64, grid_width=9, grid_height=9)
    counts = [100, 110, 120, 100, 100, 130, 110, 140, 100, 120, 150, 110]
    threads = [
        threading.Thread(target=ask, args=(image, count, number % people)) for number, count in enumerate(counts)
    ]
    expected = 1 + settings.WORKER_WAITING_PER_PERSON if people == 1 else 2 + settings.WORKER_WAITING
    try:
        for thread in threads:
            thread.start()
        wait_until(lambda: sum(thread.is_alive() for thread in threads) <= expected)
        time.sleep(0.2)
        assert sum(thread.is_alive() for thread in threads) == expected <= SERVER_THREADS - LEFT_FOR_SAVING
    finally:
        pool.go_on.set()
        for thread in threads:
            thread.join(20)
    assert workers.places.taken == 0


def test_whoever_waited_in_vain_leaves_their_place():
    places = Places(1, 1)
    alone = Alone(places)
    refused = []

    def ask_too():
        try:
            with alone("map", seconds=0.05, owner="bert"):
                pass
        except WorkerBusy as busy:
            refused.append(busy)

    with alone("map", seconds=1, owner="anna"):
        thread = threading.Thread(target=ask_too)
        thread.start()
        thread.join(10)
    assert len(refused) == 1
    assert places.taken == 0
