"""The README promises what there is."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
README = (ROOT / "README.md").read_text()


def test_every_variable_of_the_settings_is_in_the_table():
    variables = set(re.findall(r'\benv\.\w+\(\s*"([A-Z0-9_]+)"', (ROOT / "labeler" / "settings.py").read_text()))
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    assert variables
    assert variables - set(re.findall(r"`([A-Z0-9_]+)`", table)) == set()


def test_every_target_it_names_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test"} <= set(re.findall(r"\bmake ([a-z]+)", README)) <= targets
