"""How soon the editor can be used, how much comes over the wire for it, and what it keeps in memory."""

import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotation.benchmarks.parts.desks import PATIENCE_MS, Desks, wait_until_ready

Figures = Iterator[tuple[str, float, str]]
ROUNDS = 3
IDLE_MS = 2000  # what the page fetches by itself afterwards belongs to it
DATA = re.compile(r"/(images/\d+|annotations/\d+/labels)/")

# Before the page's own scripts: notes when the editor may be painted in, and when the mask is on the screen.
NOTES = """
window.noted = {};
new MutationObserver(() => {
  if (document.body?.dataset.ready) noted.ready ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
"""
NOTES_DRAWN = """
const look = () => {
  if (maskIsDrawn()) noted.drawn = performance.now();
  else requestAnimationFrame(look);
};
const maskIsDrawn = () => {
  const canvas = document.querySelector(".stage-labels");
  const view = document.querySelector("#stage")?.dataset.view;
  if (!canvas || !view || canvas.hidden || !document.querySelector("#cover").hidden) return false;
  const [scale, left, top] = view.split(" ").map(Number);
  const box = canvas.getBoundingClientRect();
  const context = canvas.getContext("2d");
  return [1, 3, 5, 7].every((row) => [1, 3, 5, 7].every((column) => {
    const x = left - box.left + (scale * SIDE * column) / 8;
    const y = top - box.top + (scale * SIDE * row) / 8;
    return context.getImageData(Math.round(x), Math.round(y), 1, 1).data[3] === 255;
  }));
};
requestAnimationFrame(look);
"""
LOAD = "() => performance.getEntriesByType('navigation')[0].loadEventStart"


def to_paintable(desks: Desks) -> Figures:
    waits: dict[str, list[tuple[float, float]]] = {"small": [], "huge": []}
    for _ in range(ROUNDS):
        for name, found in waits.items():
            with desks.page(name, NOTES, ready=False) as page:
                page.goto(desks.addresses[name])
                wait_until_ready(page)
                found.append(since_load(page, "ready"))
    medians = {name: statistics.median(after for after, _ in found) for name, found in waits.items()}
    each = "; ".join(
        f"{desks.sides[name]}²: {median:.0f} ms, {statistics.median(whole for _, whole in waits[name]):.0f} ms since "
        f"the navigation began"
        for name, median in medians.items()
    )
    yield (
        "open_to_paintable_ms_after_load",
        max(medians.values()),
        f"from the window's load event until the image is shown and takes strokes, nothing in the browser's cache; the "
        f"worse of two medians of {ROUNDS}: {each}",
    )


def since_load(page, what: str) -> tuple[float, float]:
    """Milliseconds after the load event, and after the navigation began."""
    moment = page.evaluate(f"() => noted.{what}")
    return moment - page.evaluate(LOAD), moment


def reopening(desks: Desks) -> Figures:
    side, found = desks.sides["labelled"], []
    script = NOTES + f"const SIDE = {side};" + NOTES_DRAWN
    for _ in range(ROUNDS):
        with desks.page("labelled", script, ready=False) as page:
            page.goto(desks.addresses["labelled"])
            page.wait_for_function("() => noted.drawn", timeout=PATIENCE_MS)
            found.append((*since_load(page, "drawn"), since_load(page, "ready")[0]))
    drawn, whole, ready = (statistics.median(column) for column in zip(*found, strict=True))
    yield (
        "reopen_mask_drawn_ms_after_load",
        drawn,
        f"from the window's load event until 16 pixels of the canvas all over the image have a category's colour "
        f"and nothing covers it, {side}² labelled to the last pixel, both planes; median of {ROUNDS}; "
        f"{whole:.0f} ms since the navigation began; paintable after {ready:.0f} ms",
    )


def weight(desks: Desks) -> Figures:
    requests: list[Any] = []
    with desks.page("usual", ready=False) as page:
        page.on("requestfinished", lambda request: requests.append(request))
        page.goto(desks.addresses["usual"])
        wait_until_ready(page)
        page.wait_for_timeout(IDLE_MS)
        own = [request for request in requests if not DATA.search(request.url)]
        sizes = [request.sizes() for request in own]
    kilobytes = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) / 1000
    kinds = {kind: sum(request.resource_type == kind for request in own) for kind in ("script", "stylesheet", "font")}
    about = ", ".join(f"{count} {kind}s" for kind, count in kinds.items())
    yield (
        "page_kb",
        kilobytes,
        f"heads and bodies as they come over the wire from the site as people get it, nothing in the browser's cache, "
        f"without image and labels, {IDLE_MS / 1000:g} s at rest included",
    )
    yield "page_requests", len(own), f"of the same: {about} and others"


# Called on all label maps and all layers that the page has.
BUFFERS = """function (layers) {
  const buffers = new Set();
  for (const map of this) for (const tile of map.tiles.values()) buffers.add(tile.buffer);
  const labels = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const canvases = [...document.querySelectorAll("canvas")];
  for (const layer of layers) canvases.push(...[...layer.tiles.values()].map(({ canvas }) => canvas));
  const scratch = layers.reduce((sum, layer) => sum + layer.pixels.byteLength, 0);
  return { labels, drawn: scratch + canvases.reduce((sum, { width, height }) => sum + 4 * width * height, 0) };
}"""
PAINT_HALF = """function () {
  for (const painter of this) painter.change((map) => {
    for (let y = 0; y < map.height / 2; y++) map.span(y, 0, map.width, 1 + (y >> 8) % 3, 1);
  });
}"""


def memory(desks: Desks) -> Figures:
    with desks.page("huge") as page:
        insight = Insight(page)
        insight.call(PAINT_HALF, insight.all("work/painter", "Painter"))
        look_around(page)
        found = insight.call(
            BUFFERS, insight.all("core/tiles", "LabelMap"), insight.all("view/layer", "TileLayer"), by_value=True
        )
        resident = insight.resident_bytes()
    yield (
        "memory_mb",
        (found["labels"] + found["drawn"]) / 1e6,
        f"label tiles of both planes ({found['labels'] / 1e6:.1f} MB) and canvases ({found['drawn'] / 1e6:.1f} MB, "
        f"OpenSeadragon's counted) at {desks.sides['huge']}², upper half painted and walked over, undo not counted; "
        f"the whole renderer has {resident / 1e6:.0f} MB resident, with the image and undo",
    )


def look_around(page) -> None:
    """Walk over the painted half at 1:1, so that the layers keep as much as they ever do."""
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.keyboard.press("Shift+Digit0")
    page.wait_for_timeout(600)
    for turn in range(24):
        page.mouse.move(x, y)
        page.mouse.down(button="middle")
        page.mouse.move(x + (400 if turn % 12 < 6 else -400), y + 300 * (turn % 6 == 0), steps=2)
        page.mouse.up(button="middle")


class Insight:
    """What the page's modules hold: they make nothing global, so the browser's debugger finds the objects."""

    def __init__(self, page):
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def all(self, module: str, name: str) -> str:
        """All objects of a class, as an array in the page."""
        links = self.page.locator("link[rel=modulepreload]").evaluate_all("(links) => links.map((link) => link.href)")
        address = next(link for link in links if re.search(rf"/js/{module}\.(\w+\.)?js$", link))
        expression = f"import({address!r}).then((module) => module.{name}.prototype)"
        found = self.session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True})
        prototype = found["result"]["objectId"]
        return self.session.send("Runtime.queryObjects", {"prototypeObjectId": prototype})["objects"]["objectId"]

    def call(self, function: str, this: str, *arguments: str, by_value: bool = False) -> Any:
        answer = self.session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": function,
                "objectId": this,
                "arguments": [{"objectId": each} for each in arguments],
                "returnByValue": by_value,
            },
        )
        return answer["result"].get("value")

    def resident_bytes(self) -> int:
        """Of the largest renderer, the one of this page."""
        session = self.page.context.browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        status = [Path(f"/proc/{each['id']}/status").read_text() for each in processes if each["type"] == "renderer"]
        return 1024 * max(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in status)
