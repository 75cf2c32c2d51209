"""Third-party browser files, from node_modules to `static/vendor/`.

An exact list instead of whole packages: `collectstatic` stops at any file that names another one it cannot find.
"""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

FILES = [
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.min.css.map",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap/dist/js/bootstrap.bundle.min.js.map",
    "bootstrap-icons/font/bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
    "openseadragon/build/openseadragon/openseadragon.min.js",
    "openseadragon/build/openseadragon/openseadragon.min.js.map",
]
PREFIX = "vendor/"


class NodeModulesFinder(BaseFinder):
    """Finds `vendor/<package>/<path>` for the files of FILES."""

    def __init__(self, *args, **kwargs):
        self.storage = FileSystemStorage(location=settings.BASE_DIR / "node_modules")
        self.storage.prefix = PREFIX.rstrip("/")  # type: ignore[attr-defined]  # as Django's own finders do

    def check(self, **kwargs):
        return []

    def find(self, path, find_all=False, **kwargs):
        name = path.removeprefix(PREFIX)
        if path.startswith(PREFIX) and name in FILES and Path(self.storage.path(name)).exists():
            return [self.storage.path(name)] if find_all else self.storage.path(name)
        return []

    def list(self, ignore_patterns):
        for name in FILES:
            if not matches_patterns(name, ignore_patterns):
                yield name, self.storage
