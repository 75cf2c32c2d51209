"""Children of the pool are really killed, starved and kept waiting, and the pool works afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

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


def allocate(size):
    return len(bytearray(size))


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
    pool = WorkerPool(1, MEMORY, waiting=1, warm=(f"{__name__}:warm_up",))
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


def test_too_much_memory_is_an_error_of_its_own_and_the_child_lives_on(pool):
    child = pool.run(pid, seconds=20)
    with pytest.raises(WorkerOutOfMemory):
        pool.run(allocate, 2 * MEMORY, seconds=20)
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
        worker = threading.Thread(target=lambda: results.append(pool.run(sleep, 2, seconds=20)))
        worker.start()
        wait_until(lambda: pool._free.qsize() == 1)
        idle = pool.run(pid, seconds=20)
        os.kill(idle, signal.SIGKILL)
        worker.join(20)
        assert results
        assert pool.run(double, 4, seconds=20) == 8
    finally:
        pool.stop()


def test_a_call_that_never_gets_a_child_says_busy_and_one_too_many_does_so_at_once(pool):
    pool.run(pid, seconds=20)
    running = in_thread(pool.run, sleep, 2, seconds=20)
    time.sleep(0.3)
    queued = in_thread(pool.run, pid, seconds=0.7)
    time.sleep(0.2)
    start = time.monotonic()
    with pytest.raises(WorkerBusy):
        pool.run(pid, seconds=20)
    assert time.monotonic() - start < 0.2
    assert isinstance(queued(), WorkerBusy)
    assert running() is None
    assert pool.run(double, 3, seconds=20) == 6


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
