"""Static files as production serves them: hashed names everywhere, also inside our own modules."""

import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from labeler.apps import LabelerStaticFilesConfig
from labeler.modules import IMPORT, imports_of

MODULES = Path(settings.BASE_DIR) / "static" / "js"


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A folder with everything collected by the storage of production, and its manifest."""
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patch:
        stores = settings.STORAGES | {
            "staticfiles": {"BACKEND": "labeler.storage.StaticStorage", "OPTIONS": {"location": str(folder)}}
        }
        patch.setattr(settings, "STORAGES", stores)
        # The suite's settings name Django's own configuration of this app, for the live server's sake.
        patch.setattr(apps.get_app_config("staticfiles"), "ignore_patterns", LabelerStaticFilesConfig.ignore_patterns)
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder, json.loads((folder / "staticfiles.json").read_text())["paths"]


def test_everything_is_collected_under_a_hashed_name(collected):
    folder, paths = collected
    assert paths["css/app.css"] != "css/app.css"
    assert (folder / paths["vendor/openseadragon/build/openseadragon/openseadragon.min.js"]).is_file()


def test_our_modules_import_hashed_names(collected):
    folder, paths = collected
    for name in (name for name in paths if name.startswith("js/") and name.endswith(".js")):
        hashed = folder / paths[name]
        for target in IMPORT.findall(hashed.read_text()):
            assert re.search(r"\.[0-9a-f]{12}\.js$", target), f"{name} imports {target}"
            assert (hashed.parent / target).resolve().is_file(), f"{name} imports {target}"


def test_tests_of_javascript_do_not_reach_browsers(collected):
    _, paths = collected
    assert not [name for name in paths if "/tests/" in name]


def test_modules_do_not_import_each_other_in_circles():
    """Hashed names would never settle, and collectstatic would give up."""
    graph = {path: imports_of(path) for path in MODULES.rglob("*.js") if "tests" not in path.parts}
    done = set()

    def visit(path: Path, above: list[Path]):
        names = [step.name for step in [*above, path]]
        assert path not in above, f"a circle: {' → '.join(names)}"
        if path not in done:
            for target in graph.get(path, []):
                visit(target, [*above, path])
            done.add(path)

    for path in graph:
        visit(path, [])
    assert any(graph.values()), "no import was found at all"
