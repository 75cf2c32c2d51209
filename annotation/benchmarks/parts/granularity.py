"""How long the editor takes to show a map coarser: the granularity slider in a real browser, on a real site."""

import re
import statistics
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.urls import reverse

from annotation.benchmarks import LeftOut
from annotation.benchmarks.parts import browser, throwaway
from annotation.benchmarks.parts.site import served

NAME = "granularity_switch_ms"
FINE, COARSE = 3000, 200  # segments
SWITCHES = 9
WAIT_MS = 60_000  # for the first map, which waits for the worker processes to start

# In the page: the slider is moved as a hand does, and what the editor measured itself is returned.
SWITCH = """async ({ coarse, switches }) => {
  const slider = document.querySelector("#granularity-slider");
  const shown = () => Number(document.body.dataset.segments);
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const move = async (value) => {
    slider.value = `${value}`;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await painted();
    return shown();
  };
  const fine = shown();
  let [coarser, finer] = [Number(slider.min), Number(slider.max)];
  for (let step = 0; step < 20; step++) {
    const middle = (coarser + finer) / 2;
    if ((await move(middle)) < coarse) coarser = middle;
    else finer = middle;
  }
  const durations = [];
  for (let turn = 0; turn < switches; turn++) {
    await move(slider.max);
    performance.clearMeasures("granularity");
    await move(finer);
    durations.push(...performance.getEntriesByName("granularity").map((entry) => entry.duration));
  }
  return { fine, coarse: shown(), durations };
}"""


def granularity_switch(side: int) -> Iterator[tuple[str, float, str] | LeftOut]:
    if not browser.is_there():
        yield LeftOut(NAME, browser.NEEDED)
        return
    place = throwaway.workplace(side, superpixels={"algorithm": "slic", "slic": {"n_segments": FINE}})
    with served() as address:
        cookie = browser.session_cookie(place.member, address)
        connection.close()
        with browser.launched() as chromium:
            context = chromium.new_context(viewport=browser.WINDOW)
            context.add_cookies([cookie])
            page = context.new_page()
            page.goto(address + reverse("editor", args=[place.annotation.pk]).lstrip("/"))
            found = switches(page, COARSE)
    times = ", ".join(f"{duration:.1f}" for duration in found["durations"])
    yield (
        NAME,
        statistics.median(found["durations"]),
        f"median of {len(found['durations'])} moves of the slider from {found['fine']} to {found['coarse']} segments "
        f"in headless Chromium, {side}², by the editor's own performance measure: {times} ms",
    )


def switches(page, coarse: int) -> dict[str, Any]:
    """In an editor that was just opened: take the superpixel tool and move the slider from fine to `coarse`.

    Returns how many segments were shown at both ends, and the milliseconds of each move.
    """
    from playwright.sync_api import expect

    expect(page.locator("#cover")).to_be_hidden(timeout=WAIT_MS)
    page.keyboard.press("w")
    expect(page.locator("body")).to_have_attribute("data-segments", re.compile(r"[1-9]\d*"), timeout=WAIT_MS)
    return page.evaluate(SWITCH, {"coarse": coarse, "switches": SWITCHES})
