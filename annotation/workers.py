"""The one worker pool of this process, made from the settings when it is first needed."""

import atexit
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any

from django.conf import settings

from annotation.imaging.turns import Places
from annotation.imaging.workers import START_SECONDS, WorkerPool

# For whoever waits in this process: for a child here, for what another request makes in `annotation.alone`.
places = Places(settings.WORKER_WAITING, settings.WORKER_WAITING_PER_PERSON)
WARM = ("annotation.imaging.sources:warm", "annotation.imaging.superpixels.maps:warm")


@cache
def _pool() -> WorkerPool:
    pool = WorkerPool(
        settings.WORKER_PROCESSES,
        settings.WORKER_MEMORY_BYTES,
        places=places,
        warm=WARM,
    )
    atexit.register(pool.stop)
    return pool


def run(function: Callable, *args: Any, seconds: float, owner: Hashable = None, background: bool = False) -> Any:
    """Call a module-level function that knows no Django in a killable child; see `WorkerPool.run`.

    `owner` is the primary key of the person who waits for it.
    """
    return _pool().run(function, *args, seconds=seconds, owner=owner, background=background)


def start() -> None:
    """Start the children before anybody needs them: loading their libraries and kernels takes seconds."""
    _pool().start()


def wait_until_ready() -> None:
    """Wait until a child is warm: minutes where the kernels were never compiled, longer than a map may take.

    For work that nobody waits for and that need not fail because it comes early. WorkerBusy if none is warm in time.
    """
    run(bool, seconds=START_SECONDS)


def stop() -> None:
    """End the children now; a later `run` starts new ones."""
    _pool().stop()
