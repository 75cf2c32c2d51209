"""A pool of killable child processes for pixels that are untrusted or heavy.

A child has a memory limit and one thread per library, knows nothing of Django, and dies with its parent. A call that
takes too long has its child killed; a child that dies is replaced.
"""

import multiprocessing
import os
import pkgutil
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessPool

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(Exception):
    """The work was not done, and not because of what the function itself said."""


class WorkerBusy(WorkerError):
    """Too much is waiting already, or no child became free in time: trying again later will help."""


class WorkerTimeout(WorkerError):
    """The function took too long and its child was killed."""


class WorkerDied(WorkerError):
    """The child ended in the middle of the work."""


class WorkerOutOfMemory(WorkerError):
    """The function needed more memory than a child may have."""


class WorkerPool:
    """Child processes that run module-level functions, one call each at a time.

    Parameters
    ----------
    processes : int
        Number of children. They start with the first call.
    memory_bytes : int
        Address space of a child (`RLIMIT_AS`), which counts libraries too.
    waiting : int
        How many calls may wait for a child before further ones get `WorkerBusy`.
    warm : tuple of str
        ``"module:function"`` names, called without arguments in each new child, so that its first call is fast.
    """

    def __init__(self, processes: int, memory_bytes: int, *, waiting: int = 32, warm: tuple[str, ...] = ()):
        self._processes = processes
        self._arguments = (memory_bytes, warm)
        self._places = threading.BoundedSemaphore(processes + waiting)
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None

    def run(self, function: Callable, *args: Any, seconds: float) -> Any:
        """Call `function(*args)` in a child and return its result, waiting and working at most `seconds` in all.

        Raises
        ------
        WorkerBusy, WorkerTimeout, WorkerDied, WorkerOutOfMemory
            As their descriptions say. Other exceptions of the function are raised as they are.
        """
        if not self._places.acquire(blocking=False):
            raise WorkerBusy("Too many requests are waiting.")
        try:
            return self._run(function, args, time.monotonic() + seconds)
        except BrokenProcessPool as error:
            raise WorkerDied("The worker processes ended unexpectedly.") from error
        finally:
            self._places.release()

    def stop(self) -> None:
        """Kill the children. A later call starts new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()

    def _run(self, function: Callable, args: tuple, deadline: float) -> Any:
        """One attempt, and a second one when the pool broke: an idle child that dies takes innocent calls with it."""
        try:
            return self._attempt(function, args, deadline)
        except BrokenProcessPool:
            return self._attempt(function, args, deadline)

    def _attempt(self, function: Callable, args: tuple, deadline: float) -> Any:
        future = self._schedule(function, args)
        try:
            return future.result(timeout=max(0, deadline - time.monotonic()))
        except TimeoutError:
            started = future.running()
            future.cancel()
            if started:
                raise WorkerTimeout("The work took too long.") from None
            raise WorkerBusy("No worker became free in time.") from None
        except MemoryError:
            raise WorkerOutOfMemory("The work needs more memory than is allowed.") from None
        except (ProcessExpired, CancelledError) as error:
            raise WorkerDied("The worker process ended in the middle of the work.") from error

    def _schedule(self, function: Callable, args: tuple):
        try:
            return self._living_pool().schedule(function, args=args)
        except RuntimeError as error:  # pebble's way to say that the pool broke after we looked
            raise BrokenProcessPool(str(error)) from error

    def _living_pool(self) -> ProcessPool:
        with self._lock:
            if self._pool is not None and not self._pool.active:
                self._pool.stop()
                self._pool.join()
                self._pool = None
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._processes,
                    initializer=_prepare_child,
                    initargs=(os.getpid(), *self._arguments),
                    context=multiprocessing.get_context("spawn"),
                )
            return self._pool


def _prepare_child(parent: int, memory_bytes: int, warm: tuple[str, ...]) -> None:
    # Threads cost address space, so the limit would mean something else on each machine. No library is loaded yet.
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches us too; ending us is the parent's job
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    for name in warm:
        try:
            pkgutil.resolve_name(name)()
        except Exception:
            traceback.print_exc()  # raising here would break the pool for everybody


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, whatever the main thread is doing."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
