"""What Chromium's own trace says the main thread of a page did, in milliseconds."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
TASK = "RunTask"


@dataclass
class Trace:
    """The events of a page's main thread, in order of their beginning."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def tasks(self) -> list[float]:
        return [milliseconds(event) for event in self.events if event["name"] == TASK]

    def work_per_event(self, kind: str) -> list[float]:
        """For each DOM event of this kind: its handlers, and the frames that they asked for."""
        frames = {
            event["args"]["data"]["id"]: milliseconds(event)
            for event in self.events
            if event["name"] == "FireAnimationFrame"
        }
        return [
            milliseconds(event) + sum(frames.get(frame, 0) for frame in self.frames_asked_for_in(event))
            for event in self.events
            if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == kind
        ]

    def frames_asked_for_in(self, event: dict[str, Any]) -> list[int]:
        return [
            other["args"]["data"]["id"]
            for other in self.events
            if other["name"] == "RequestAnimationFrame" and event["ts"] <= other["ts"] <= event["ts"] + event["dur"]
        ]


def milliseconds(event: dict[str, Any]) -> float:
    return event.get("dur", 0) / 1000


@contextlib.contextmanager
def recorded(page) -> Iterator[Trace]:
    """Fill the trace when the block ends."""
    browser, trace = page.context.browser, Trace()
    browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        yield trace
    finally:
        trace.events = of_main_thread(json.loads(browser.stop_tracing())["traceEvents"])


def of_main_thread(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the thread that dispatched most DOM events: the one of the page that was worked in."""
    threads = [(event["pid"], event["tid"]) for event in events if event["name"] == "EventDispatch"]
    if not threads:
        return []
    busiest = max(set(threads), key=threads.count)
    return sorted((event for event in events if (event["pid"], event["tid"]) == busiest), key=lambda event: event["ts"])
