"""Making a thing once: of the requests of this process that need it one works, few wait, the rest are refused."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from annotation.imaging.turns import Places
from annotation.imaging.workers import WorkerBusy


class Alone:
    """Locks by key. Whoever waits for one takes one of the `places` of all who wait."""

    def __init__(self, places: Places):
        self._locks: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()
        self._places = places

    @contextmanager
    def __call__(self, key: Hashable, *, seconds: float, owner: Hashable = None, wait: bool = True) -> Iterator[None]:
        """Hold the lock of a key; raise WorkerBusy if others do and it is not to be, or cannot be, waited for.

        `owner` is the person in whose name it waits.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(blocking=False) and not (wait and self._wait(lock, seconds, owner)):
            raise WorkerBusy("Another request makes the same already.")
        try:
            yield
        finally:
            lock.release()

    def _wait(self, lock: threading.Lock, seconds: float, owner: Hashable) -> bool:
        if not self._places.take(owner):
            return False
        try:
            return lock.acquire(timeout=seconds)
        finally:
            self._places.leave(owner)
