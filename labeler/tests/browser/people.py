"""What people do with their hands: the steps that several journeys share."""

import math
import re

from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD

expect.set_options(timeout=20_000)  # the first upload waits for the worker processes to start


def log_in(page: Page, address: str, username: str) -> None:
    page.goto(address)
    page.get_by_label(re.compile("username", re.I)).fill(username)
    page.locator("[name=password], [name=password1]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


def log_out(page: Page, username: str) -> None:
    page.get_by_role("button", name=username).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def wait_until_drawn(page: Page) -> None:
    """Wait for the next frame to be over: what changed is drawn in it."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


class Editor:
    """The editor in the hands of a person; positions are pixels of the screen, from the middle of the image."""

    def __init__(self, page: Page):
        self.page = page

    def wait_until_open(self, name: str) -> None:
        expect(self.page.locator(".bar-image")).to_have_text(name)
        # Not by the cover alone: that is not there either while the page is still being read.
        self.page.locator("body[data-ready]").wait_for(state="attached")
        expect(self.page.locator("#cover")).to_be_hidden()

    def wait_until_saved(self) -> None:
        expect(self.page.locator("#save-state")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))

    def point(self, across: int, down: int) -> tuple[int, int]:
        """Move the pointer there; return the image pixel that is under it, and that the page says is."""
        where = self.at(across, down)
        self.page.mouse.move(*where)
        for _ in range(100):
            x, y = (math.floor(place) for place in self.image_position(*where))
            if re.match(rf"{x}, {y}\b", self.page.locator("#position").inner_text()):
                return x, y
            self.page.wait_for_timeout(20)  # the image may be moving still, and the words come a little later
        raise AssertionError(f"The page never said that the pointer is over {x}, {y}.")

    def place(self, across: int, down: int) -> tuple[float, float]:
        """Move the pointer there; return the image position under it."""
        x, y = self.at(across, down)
        self.page.mouse.move(x, y)
        return self.image_position(x, y)

    def at(self, across: int, down: int) -> tuple[int, int]:
        """Return where in the window that is."""
        box = self.page.locator("#stage").bounding_box()
        assert box
        return round(box["x"] + box["width"] / 2) + across, round(box["y"] + box["height"] / 2) + down

    def image_position(self, x: float, y: float) -> tuple[float, float]:
        """Return the image position at a place of the window."""
        scale, left, top = self.view()
        return (x - left) / scale, (y - top) / scale

    def view(self) -> tuple[float, float, float]:
        """Return the pixels of the screen an image pixel, and where in the window the image begins."""
        scale, left, top = (self.page.locator("#stage").get_attribute("data-view") or "").split()
        return float(scale), float(left), float(top)

    def click(self, across: int, down: int, button: str = "left") -> tuple[int, int]:
        """Click there; return the image pixel."""
        return self.drag((across, down), button=button)[0]

    def drag(self, *points: tuple[int, int], button: str = "left") -> list[tuple[int, int]]:
        """Press at the first point, move over the others, release; return the image pixels that were pointed at."""
        pixels = [self.point(*points[0])]
        self.page.mouse.down(button=button)
        pixels += [self.point(*point) for point in points[1:]]
        self.page.mouse.up(button=button)
        return pixels

    def set_diameter(self, diameter: int) -> None:
        field = self.page.get_by_label("Brush diameter in image pixels")
        field.fill(str(diameter))
        field.press("Enter")
