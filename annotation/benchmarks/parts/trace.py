"""What Chromium's own trace and counters say the main thread of a page did.

Work is CPU time, which a busy machine changes little; tasks are told from clock to clock, as somebody waits for them.
All in milliseconds.
"""

import contextlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any

EVENTS = ["devtools.timeline"]
TASKS = [*EVENTS, "disabled-by-default-devtools.timeline"]  # costs a tenth of a movement's work
TASK = "RunTask"


@dataclass
class Trace:
    """The events of a page's main thread, in order of their beginning."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def tasks(self) -> list[float]:
        """How long each task kept everything else waiting."""
        return [event.get("dur", 0) / 1000 for event in self.events if event["name"] == TASK]

    def work_per_event(self, kind: str) -> list[float]:
        """For each DOM event of this kind: the work of its handlers, and of the frames that they asked for."""
        frames = {
            event["args"]["data"]["id"]: self.work(event)
            for event in self.events
            if event["name"] == "FireAnimationFrame"
        }
        return [
            self.work(event) + sum(frames.get(frame, 0) for frame in self.frames_asked_for_in(event))
            for event in self.events
            if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == kind
        ]

    def frames_asked_for_in(self, event: dict[str, Any]) -> list[int]:
        return [other["args"]["data"]["id"] for other in self.within(event) if other["name"] == "RequestAnimationFrame"]

    def work(self, event: dict[str, Any]) -> float:
        """The functions called for an event or a frame; one that ran when the recording began or ended counts 0."""
        total, end = 0.0, 0
        for other in self.within(event):
            if other["name"] == "FunctionCall" and other["ts"] >= end:
                total += other.get("tdur", 0) / 1000
                end = other["ts"] + other.get("dur", 0)
        return total

    def within(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        end = event["ts"] + event.get("dur", 0)
        first = bisect_left(self.events, event["ts"], key=itemgetter("ts"))
        return takewhile(lambda other: other["ts"] <= end, islice(self.events, first, None))


def script_ms(page, what: Callable[[], object]) -> float:
    """CPU time of all scripts of the page's main thread while `what` is done, without the cost of a trace."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = client.send("Performance.getMetrics")["metrics"]
        return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration")

    before = spent()
    what()
    found = spent() - before
    client.detach()
    return found


@contextlib.contextmanager
def recorded(page, categories: list[str]) -> Iterator[Trace]:
    """Fill the trace when the block ends; of tasks only with TASKS."""
    browser, trace = page.context.browser, Trace()
    browser.start_tracing(page=page, categories=categories)
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
