import pytest

from annotation.imaging.superpixels import get_algorithm
from annotation.imaging.superpixels.documentation import PAGE, table, with_tables


def test_the_page_has_the_present_parameters():
    page = PAGE.read_text("utf-8")
    assert with_tables(page) == page, "run python -m annotation.imaging.superpixels.documentation"


def test_a_table_says_what_can_be_chosen():
    lines = table(get_algorithm("watershed")).splitlines()
    assert "| Markers (`markers`) | 250 | 10 to 20,000 | One segment grows from each. |" in lines
    assert any("Brightness (`grey`), CIELAB (`lab`), Stains" in line for line in lines)
    assert lines[-1] == "Reference: Neubert and Protzel 2014, doi:10.1109/ICPR.2014.181."


def test_a_missing_place_is_named():
    with pytest.raises(ValueError, match="parameters of slic"):
        with_tables("# Superpixels\n")
