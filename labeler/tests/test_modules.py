"""Which modules a page tells the browser to fetch at once."""

from labeler.modules import STATIC, imports_of, needed_by
from labeler.templatetags.modules import modulepreload

EDITOR = "js/pages/editor.js"


def test_all_that_a_module_imports_is_named_once_and_itself_first():
    names = needed_by(EDITOR)
    assert names[0] == EDITOR
    assert len(names) == len(set(names))
    paths = {STATIC / name for name in names}
    assert all(path.is_file() for path in paths)
    assert all(target in paths for path in paths for target in imports_of(path))
    assert "js/core/tiles.js" in names  # imported by those that are imported


def test_what_a_module_loads_when_it_wants_it_is_not_fetched_before():
    assert "js/pages/superpixels.js" in needed_by(EDITOR)
    assert "js/pages/segmenting.js" not in needed_by(EDITOR)
    assert "js/pages/checking.js" in needed_by(EDITOR)
    assert "js/pages/inspector.js" not in needed_by(EDITOR)


def test_each_module_has_a_link_to_the_address_it_is_imported_from():
    links = modulepreload(EDITOR).splitlines()
    assert links[0] == '<link rel="modulepreload" href="/static/js/pages/editor.js">'
    assert len(links) == len(needed_by(EDITOR))
