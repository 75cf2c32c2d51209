"""How long the editor takes to show a map coarser: the granularity slider in a real browser, on a real site."""

from collections.abc import Iterator

from annotation.benchmarks import LeftOut

FINE, COARSE = 3000, 200  # segments
SWITCHES = 9
START_SECONDS = 60


def granularity_switch(side: int) -> Iterator[tuple[str, float, str] | LeftOut]:
    yield LeftOut("granularity_switch_ms", "not there yet")
