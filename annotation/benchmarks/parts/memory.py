"""How much memory a call needs at its peak, asked of the Linux kernel in a process of its own."""

import ctypes
import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # what resets VmHWM, by proc(5)


def can_be_measured() -> bool:
    return CLEAR_REFS.exists() and hasattr(ctypes.CDLL(None), "malloc_trim")


def peak_growth_bytes(prepare: Callable[[], Callable[[], object]]) -> int:
    """Return how far the resident memory of a fresh process grows above what it was before, during one call.

    Parameters
    ----------
    prepare : callable
        A module-level function, called in the new process. It loads what the call needs (libraries, compiled kernels,
        the input) and returns the call; only the call is measured, its result counted.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(growth_here, prepare).result()


def growth_here(prepare: Callable[[], Callable[[], object]]) -> int:
    """`peak_growth_bytes` for this process."""
    call = prepare()
    ctypes.CDLL(None).malloc_trim(0)  # or the call would use again what was freed and not given back
    CLEAR_REFS.write_text(RESET_PEAK)
    before = kilobytes("VmRSS")
    result = call()
    growth = kilobytes("VmHWM") - before
    del result
    return 1024 * growth


def kilobytes(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", STATUS.read_text(), re.M)
    assert found, f"{STATUS} has no {field}"
    return int(found[1])
