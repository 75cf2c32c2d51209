"""Children of the pool are really killed, starved and kept waiting, and the pool works afterwards."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from annotation.imaging import workers
from annotation.imaging.turns import Places
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerOutOfMemory, WorkerPool, WorkerTimeout

MEMORY = 1_000_000_000


def pid():
    return os.getpid()


def double(number):
    return 2 * number


def sleep(seconds):
    time.sleep(seconds)
    return os.getpid()


def announce_and_sleep(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(30)


def fill_memory():
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


def end_at_once():
    os._exit(3)


def crash():
    ctypes.string_at(0)


def work_for_ever():
    while True:
        pass


class UntravelledError(Exception):
    def __init__(self, one, two):
        super().__init__("cannot be made again of one sentence")


def raise_what_cannot_travel():
    raise UntravelledError(1, 2)


def hold(gate, order):
    """Keep a child busy until the file `gate` is there; the file `order` tells in which order calls began."""
    with open(order, "a") as file:
        file.write(f"{Path(gate).name} ")
    while not os.path.exists(gate):
        time.sleep(0.01)


def refuse():
    raise ValueError("a sentence of the function")


def fail_at_run_time():
    raise RuntimeError("not the pool's")


def surroundings():
    return {
        "django": any(name.partition(".")[0] == "django" for name in sys.modules),
        "threads": {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")},
        "warmed": "colorsys" in sys.modules,
    }


def warm_up():
    import colorsys  # noqa: F401


def nap():
    time.sleep(1)


def fail_to_warm():
    raise ValueError("no")


def is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def pool():
    pool = WorkerPool(1, MEMORY, places=Places(1, 1), warm=(f"{__name__}:warm_up",))
    yield pool
    pool.stop()


def in_thread(function, *args, **kwargs):
    """Run in a thread; returns a function that waits and gives the exception (or None)."""
    caught = []

    def target():
        try:
            function(*args, **kwargs)
        except Exception as error:
            caught.append(error)

    thread = threading.Thread(target=target)
    thread.start()

    def outcome():
        thread.join(30)
        return caught[0] if caught else None

    return outcome


def test_a_call_runs_in_another_process_that_knows_no_django_and_is_warm(pool):
    assert pool.run(pid, seconds=20) != os.getpid()
    assert pool.run(surroundings, seconds=20) == {
        "django": False,
        "threads": {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        "warmed": True,
    }


@pytest.mark.parametrize(("function", "error"), [(refuse, ValueError), (fail_at_run_time, RuntimeError)])
def test_exceptions_of_the_function_arrive_as_they_are_and_the_child_lives_on(pool, function, error):
    child = pool.run(pid, seconds=20)
    with pytest.raises(error):
        pool.run(function, seconds=20)
    assert pool.run(pid, seconds=20) == child


def test_a_call_that_takes_too_long_is_killed(pool):
    child = pool.run(pid, seconds=20)
    start = time.monotonic()
    with pytest.raises(WorkerTimeout):
        pool.run(sleep, 30, seconds=0.5)
    assert time.monotonic() - start < 3
    assert pool.run(double, 21, seconds=20) == 42
    wait_until(lambda: not is_alive(child))


def test_a_function_that_never_returns_is_killed_though_it_is_at_work(pool):
    pool.run(pid, seconds=20)
    with pytest.raises(WorkerTimeout):
        pool.run(work_for_ever, seconds=0.3)
    assert pool.run(double, 3, seconds=20) == 6


def test_a_child_that_does_not_read_what_it_is_sent_is_killed(pool):
    child = pool.run(pid, seconds=20)
    os.kill(child, signal.SIGSTOP)
    outcome = in_thread(pool.run, len, bytes(5_000_000), seconds=0.5)
    assert isinstance(outcome(), WorkerTimeout)
    assert pool.run(len, bytes(5_000_000), seconds=20) == 5_000_000
    wait_until(lambda: not is_alive(child))


POISON = [
    (end_at_once, WorkerDied, 20),
    (crash, WorkerDied, 20),
    (fill_memory, WorkerOutOfMemory, 20),
    (raise_what_cannot_travel, TypeError, 20),
    (work_for_ever, WorkerTimeout, 0.5),
]


def test_twenty_poisoned_calls_in_a_row_leave_the_pool_working():
    pool = WorkerPool(2, MEMORY)
    try:
        for function, error, seconds in POISON * 4:
            with pytest.raises(error):
                pool.run(function, seconds=seconds, owner="anna")
        assert [pool.run(double, number, seconds=20, owner="bert") for number in range(4)] == [0, 2, 4, 6]
        assert pool._turns.free == 2
    finally:
        pool.stop()


def test_too_much_memory_is_an_error_of_its_own_and_the_child_lives_on(pool):
    child = pool.run(pid, seconds=20)
    with pytest.raises(WorkerOutOfMemory):
        pool.run(fill_memory, seconds=20)
    assert pool.run(pid, seconds=20) == child


def test_a_busy_child_that_is_killed_is_reported_and_replaced(pool, tmp_path):
    outcome = in_thread(pool.run, announce_and_sleep, str(tmp_path / "pid"), seconds=25)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert isinstance(outcome(), WorkerDied)
    assert pool.run(double, 4, seconds=20) == 8


@pytest.mark.parametrize("pause", [0, 1], ids=["at once", "after the pool noticed"])
def test_an_idle_child_that_is_killed_breaks_nothing(pool, pause):
    child = pool.run(pid, seconds=20)
    os.kill(child, signal.SIGKILL)
    time.sleep(pause)
    assert pool.run(double, 4, seconds=20) == 8
    assert pool.run(pid, seconds=20) != child


def test_an_idle_child_that_is_killed_does_not_take_the_work_of_its_neighbour_with_it():
    pool = WorkerPool(2, MEMORY)
    try:
        pool.run(pid, seconds=20)
        results = []
        worker = threading.Thread(target=lambda: results.append(pool.run(sleep, 2, seconds=20, owner="anna")))
        worker.start()
        wait_until(lambda: pool._turns.free == 1)
        idle = pool.run(pid, seconds=20)
        os.kill(idle, signal.SIGKILL)
        worker.join(20)
        assert results
        assert pool.run(double, 4, seconds=20) == 8
    finally:
        pool.stop()


class Busy:
    """A pool of one child, and calls in threads that hold it until they are let go."""

    def __init__(self, pool, folder):
        self.pool, self.folder = pool, folder
        pool.run(pid, seconds=20)

    def call(self, name, owner, seconds=40):
        gate, order = self.folder / name, self.folder / "order"
        return in_thread(self.pool.run, hold, str(gate), str(order), seconds=seconds, owner=owner)

    def let_go(self, *names):
        for name in names:
            (self.folder / name).touch()

    @property
    def order(self):
        path = self.folder / "order"
        return path.read_text().split() if path.exists() else []

    def wait_for(self, *order):
        wait_until(lambda: self.order == list(order))

    def wait_for_waiting(self, count):
        wait_until(lambda: self.pool._turns.waiting == count)


@pytest.fixture
def busy(tmp_path):
    pool = WorkerPool(1, MEMORY, places=Places(3, 2))
    yield Busy(pool, tmp_path)
    pool.stop()


def test_one_person_with_many_calls_does_not_keep_another_waiting(busy):
    outcomes = [busy.call("a1", "anna")]
    busy.wait_for("a1")
    for count, (name, owner) in enumerate([("a2", "anna"), ("a3", "anna"), ("b1", "bert")], 1):
        outcomes.append(busy.call(name, owner))
        busy.wait_for_waiting(count)
    with pytest.raises(WorkerBusy):
        busy.pool.run(pid, seconds=20, owner="carla")
    busy.let_go("a1")
    busy.wait_for("a1", "b1")
    busy.let_go("a2", "a3", "b1")
    assert [outcome() for outcome in outcomes] == [None] * 4
    assert busy.order in (["a1", "b1", "a2", "a3"], ["a1", "b1", "a3", "a2"])


def test_a_call_that_waited_in_vain_says_busy_and_leaves_the_line(busy):
    running = busy.call("a1", "anna")
    busy.wait_for("a1")
    assert isinstance(busy.call("b1", "bert", seconds=0.2)(), WorkerBusy)
    assert busy.pool._turns.waiting == 0
    busy.let_go("a1")
    assert running() is None
    assert busy.pool.run(double, 3, seconds=20) == 6
    assert busy.order == ["a1"]


def test_the_time_that_a_call_waited_is_not_taken_from_its_own(busy):
    running = busy.call("a1", "anna")
    busy.wait_for("a1")
    results = []
    outcome = in_thread(lambda: results.append(busy.pool.run(sleep, 2.6, seconds=4, owner="bert")))
    busy.wait_for_waiting(1)
    time.sleep(1.6)
    busy.let_go("a1")
    assert (running(), outcome(), len(results)) == (None, None, 1)


def test_a_call_in_the_background_is_refused_at_once_while_the_child_is_busy(busy):
    running = busy.call("a1", "anna")
    busy.wait_for("a1")
    with pytest.raises(WorkerBusy):
        busy.pool.run(pid, seconds=20, owner="bert", background=True)
    busy.let_go("a1")
    assert running() is None
    assert busy.pool.run(double, 3, seconds=20, background=True) == 6


def test_a_child_that_hangs_while_it_starts_is_replaced(monkeypatch):
    pool = WorkerPool(1, MEMORY, warm=(f"{__name__}:work_for_ever",))
    try:
        with pytest.raises(WorkerBusy, match="starting"):
            pool.run(pid, seconds=0.1)
        hanging = pool._slots[0].start()
        monkeypatch.setattr(workers, "START_SECONDS", 0)
        with pytest.raises(WorkerBusy, match="starting"):
            pool.run(pid, seconds=0.1)
        assert pool._slots[0].start() is not hanging
    finally:
        pool.stop()


def test_a_warm_child_is_given_before_one_that_is_still_starting():
    pool = WorkerPool(2, MEMORY)
    try:
        pool.start()
        wait_until(lambda: all(slot.is_ready() for slot in pool._slots), seconds=30)
        slow = pool._slots[1]
        slow._limits = (MEMORY, (f"{__name__}:work_for_ever",))
        with pytest.raises(WorkerDied):
            pool.run(end_at_once, seconds=20)
        assert not slow.is_ready()
        assert pool._slots[0].is_ready()
        assert [pool.run(double, number, seconds=5) for number in range(3)] == [0, 2, 4]
    finally:
        pool.stop()


def test_an_idle_child_that_was_killed_is_not_ready(pool):
    child = pool.run(pid, seconds=20)
    assert pool._slots[0].is_ready()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not pool._slots[0].is_ready())
    pool.stop()
    assert not pool._slots[0].is_ready()


def test_the_successor_of_a_killed_child_is_started_at_once_but_not_after_the_pool_was_stopped(pool):
    slot = pool._slots[0]
    with pytest.raises(WorkerDied):
        pool.run(end_at_once, seconds=20)
    successor = slot._child
    assert successor is not None
    pool.stop()
    slot.replace(successor)
    assert slot._child is None


def test_a_failing_warm_up_is_only_printed(capfd):
    pool = WorkerPool(1, MEMORY, warm=(f"{__name__}:fail_to_warm",))
    try:
        assert pool.run(double, 2, seconds=20) == 4
    finally:
        pool.stop()
    assert "ValueError: no" in capfd.readouterr().err


def test_after_stop_the_children_are_gone_and_a_call_starts_new_ones(pool):
    child = pool.run(pid, seconds=20)
    pool.stop()
    wait_until(lambda: not is_alive(child))
    assert pool.run(pid, seconds=20) != child


def test_children_do_not_outlive_a_parent_that_is_killed(tmp_path):
    code = (
        "import sys; from annotation.imaging.workers import WorkerPool\n"
        "from annotation.imaging.tests.test_workers import announce_and_sleep\n"
        f"if __name__ == '__main__': WorkerPool(1, {MEMORY}).run(announce_and_sleep, sys.argv[1], seconds=60)"
    )
    (tmp_path / "parent.py").write_text(code)
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py", tmp_path / "pid"], env=os.environ | {"PYTHONPATH": str(root)}
    )
    try:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        child = int((tmp_path / "pid").read_text())
        assert is_alive(child)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not is_alive(child), seconds=5)
