"""Installations without superpixel workers, whose start would take longer than a round."""

from pathlib import Path

import pytest
from django.conf import settings

from labeler.tests.installation import Installation


@pytest.fixture
def make_installation():
    """A context manager that makes an installation in a folder, ready to be served."""

    def make(folder: Path, server: str = "", **variables: str) -> Installation:
        quick = {"WORKER_PROCESSES": "0", "LOG_LEVEL": "WARNING"}
        installation = Installation(folder, server=server, **quick, **variables)
        if not (Path(settings.BASE_DIR) / "var" / "static" / "staticfiles.json").is_file():
            installation.manage("collectstatic", "--no-input", "--verbosity=0")
        return installation

    return make


@pytest.fixture
def installation(make_installation, tmp_path):
    with make_installation(tmp_path / "site") as installation:
        yield installation
