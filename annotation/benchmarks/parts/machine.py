"""What a run was measured on, in words that name neither the machine nor its owner."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "numba", "scikit-image")


def describe() -> str:
    """Processor, cores, memory, system and versions, by semicolon."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        processor(),
        f"{cores()} cores",
        f"{memory:.0f} GiB",
        system(),
        f"Python {platform.python_version()}",
        *(f"{package} {version(package)}" for package in PACKAGES),
    ]
    return "; ".join(parts)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor(info: Path = Path("/proc/cpuinfo")) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.M) if info.exists() else None
    return found[1].strip() if found else platform.machine()


def system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
