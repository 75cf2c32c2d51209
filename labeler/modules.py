"""The ES modules under static/js: which of them a page needs before it can run."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
IMPORT = re.compile(r"""^(?:import|export)\s+(?:[\w\s{},*$]+\sfrom\s+)?["'](\.[^"']+)["']""", re.MULTILINE)


def imports_of(path: Path) -> list[Path]:
    """The modules that a module imports statically; not those it loads by `import()` when it wants them."""
    return [(path.parent / target).resolve() for target in IMPORT.findall(path.read_text())]


@cache
def needed_by(name: str) -> tuple[str, ...]:
    """Return a module, named like `js/pages/home.js`, and all that it needs, in the order they are found."""
    found = [STATIC / name]
    for path in found:  # grows while it is gone through
        found += dict.fromkeys(target for target in imports_of(path) if target not in found)
    return tuple(path.relative_to(STATIC).as_posix() for path in found)
