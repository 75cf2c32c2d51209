"""A pool of killable child processes for pixels that are untrusted or heavy.

A child has a memory limit and one thread per library, knows nothing of Django, and dies with its parent. A call that
takes too long has its child killed; a child that dies is replaced. Children share nothing, neither queue nor lock: each
has a pipe of its own, so that whatever happens to one happens to the call it was working on and to no other.
"""

import multiprocessing
import os
import pkgutil
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Hashable
from multiprocessing.connection import Connection
from typing import Any

from annotation.imaging.turns import Places, Turns

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")
SPAWN = multiprocessing.get_context("spawn")
# A call waits at most this share of the seconds that it may then work, so that others' work takes none of its time.
WAITING_SHARE = 0.5
START_SECONDS = 300  # a child that is not ready then never will be; compiling all kernels takes a minute


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


class NeverBegan(Exception):
    """The child was gone before it took up the work, which may therefore be given to another one."""


class StillStarting(Exception):
    """The child is not ready yet."""


class WorkerPool:
    """Child processes that run module-level functions, one call each at a time.

    Parameters
    ----------
    processes : int
        Number of children. Each starts with the first call that needs it.
    memory_bytes : int
        Address space of a child (`RLIMIT_AS`), which counts libraries too.
    places : Places
        Where calls wait for a child; those that find no room get `WorkerBusy`. Without it there is room for four calls.
    warm : tuple of str
        ``"module:function"`` names, called without arguments in each new child, so that its first call is fast.
    """

    def __init__(
        self,
        processes: int,
        memory_bytes: int,
        *,
        places: Places | None = None,
        warm: tuple[str, ...] = (),
    ):
        self._slots = [Slot(memory_bytes, warm) for _ in range(processes)]
        self._turns = Turns(self._slots, places or Places(in_all=4, per_owner=2), Slot.is_ready)

    def run(
        self, function: Callable, *args: Any, seconds: float, owner: Hashable = None, background: bool = False
    ) -> Any:
        """Call `function(*args)` in a child and return its result.

        Parameters
        ----------
        seconds : float
            How long it may work once it is given a child, which may have to get ready first. Before, it waits at most
            half as long.
        owner : hashable
            For whom: a free child goes to the owners that wait in turn, and the last free one of several to somebody
            who has none. Calls without one are as if of one owner.
        background : bool
            Nobody waits for the result. The call begins at once or is refused, and leaves the last free child alone
            if there are several.

        Raises
        ------
        WorkerBusy, WorkerTimeout, WorkerDied, WorkerOutOfMemory
            As their descriptions say. Other exceptions of the function are raised as they are.
        """
        turn = self._turns.ask(owner, background)
        if turn is None:
            raise WorkerBusy("Too many requests are waiting.")
        try:
            slot = turn.wait(seconds * WAITING_SHARE)
            if slot is None:
                raise WorkerBusy("No worker became free in time.")
            return slot.run(function, args, time.monotonic() + seconds)
        finally:
            self._turns.end(turn)

    def start(self) -> None:
        """Start all children now and return without waiting for them to be warm."""
        for slot in self._slots:
            slot.start()

    def stop(self) -> None:
        """Kill the children. A later call starts new ones."""
        for slot in self._slots:
            slot.stop()


class Slot:
    """The place of one child, and of its successors."""

    def __init__(self, *limits: Any):
        self._limits = limits
        self._child: Child | None = None
        self._lock = threading.Lock()

    def run(self, function: Callable, args: tuple, deadline: float) -> Any:
        """Run the call in the child; in a new one, once, if an idle child had died unnoticed."""
        try:
            return self._attempt(function, args, deadline)
        except NeverBegan:
            try:
                return self._attempt(function, args, deadline)
            except NeverBegan as error:
                raise WorkerDied("No worker process could be started.") from error

    def is_ready(self) -> bool:
        """Would its child begin at once? To be asked only while no call has the slot."""
        child = self._child
        return child is not None and child.is_ready()

    def start(self) -> "Child":
        with self._lock:
            if self._child is None:
                self._child = Child(*self._limits)
            return self._child

    def replace(self, child: "Child") -> None:
        """Start a successor at once, that it may be warm when it is needed; not if the pool was stopped meanwhile."""
        with self._lock:
            if self._child is child:
                child.kill()
                self._child = Child(*self._limits)

    def stop(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _attempt(self, function: Callable, args: tuple, deadline: float) -> Any:
        child = self.start()
        try:
            return child.call(function, args, deadline)
        except (NeverBegan, WorkerTimeout, WorkerDied):
            self.replace(child)
            raise
        except StillStarting as error:
            if child.age > START_SECONDS:
                self.replace(child)
            raise WorkerBusy("The worker process is still starting.") from error


class Child:
    """One process and the pipe to it. It says when it is ready, when it takes up a call, and what came of it."""

    def __init__(self, *limits: Any):
        self._pipe, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(theirs, os.getpid(), *limits), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False
        self._started = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def is_ready(self) -> bool:
        """Does it live, and has it said that it is ready? To be asked only while no call is on."""
        try:
            if not self._ready and self._pipe.poll():
                self._get_ready(time.monotonic())
            return self._ready and self._process.is_alive()
        except (EOFError, OSError):
            return False

    def call(self, function: Callable, args: tuple, deadline: float) -> Any:
        try:
            self._get_ready(deadline)
            self._send((function, args), deadline)
            self._wait(deadline, WorkerTimeout("The work was not begun in time."))
        except (EOFError, OSError) as error:
            raise NeverBegan from error
        try:
            result, raised = self._wait(deadline, WorkerTimeout("The work took too long."))
        except (EOFError, OSError) as ended:
            raise WorkerDied("The worker process ended in the middle of the work.") from ended
        if isinstance(raised, MemoryError):
            raise WorkerOutOfMemory("The work needs more memory than is allowed.") from raised
        if raised is not None:
            raise raised
        return result

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _get_ready(self, deadline: float) -> None:
        if not self._ready:
            self._wait(deadline, StillStarting())
            self._ready = True

    def _send(self, call: tuple, deadline: float) -> None:
        """Send a call. That blocks until the child has read most of it, so a child that does not is killed in time."""
        killer = threading.Timer(max(0, deadline - time.monotonic()), self._process.kill)
        killer.start()
        try:
            self._pipe.send(call)
        except OSError as error:
            if time.monotonic() < deadline:
                raise
            raise WorkerTimeout("The work was not begun in time.") from error
        finally:
            killer.cancel()

    def _wait(self, deadline: float, late: Exception) -> Any:
        if not self._pipe.poll(max(0, deadline - time.monotonic())):
            raise late
        return self._pipe.recv()


def serve(pipe: Connection, parent: int, memory_bytes: int, warm: tuple[str, ...]) -> None:
    """What a child does: get ready, then answer each call with its result and its exception, one of them None."""
    prepare(parent, memory_bytes, warm)
    pipe.send("ready")
    while True:
        function, args = pipe.recv()
        pipe.send("begun")
        try:
            pipe.send((function(*args), None))
        except Exception as error:  # of the function, or of a result that cannot travel
            error.add_note(traceback.format_exc())
            pipe.send((None, error))


def prepare(parent: int, memory_bytes: int, warm: tuple[str, ...]) -> None:
    # Threads cost address space, so the limit would mean something else on each machine. No library is loaded yet.
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches us too; ending us is the parent's job
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    for name in warm:
        try:
            pkgutil.resolve_name(name)()
        except Exception:
            traceback.print_exc()  # ending here would only start the next child, which fails likewise


def end_with(parent: int) -> None:
    """End this process when its parent is gone, whatever the main thread is doing."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
