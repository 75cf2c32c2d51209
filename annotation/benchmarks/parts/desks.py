"""Images of all sizes, each at the desk of a person who labels it, on a site that runs."""

import contextlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from annotation.benchmarks.parts import browser, throwaway
from annotation.benchmarks.parts.pictures import enlarged_phantom
from annotation.benchmarks.parts.site import served
from annotation.imaging.phantom import tissue_phantom
from annotation.tests.painting import save_labels
from projects.models import Image

TILES_SECONDS = 120
PATIENCE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Desks:
    """The browser, and by size the addresses of editors and the cookies that open them."""

    browser: Any
    sides: dict[str, int]
    addresses: dict[str, str]
    cookies: dict[str, Any]

    @contextlib.contextmanager
    def page(self, size: str, script: str = "", *, ready: bool = True) -> Iterator[Any]:
        """The editor in a browser that knows nothing yet; `script` runs before the page's own."""
        context = self.browser.new_context(viewport=browser.WINDOW)
        context.add_cookies([self.cookies[size]])
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        if ready:
            page.goto(self.addresses[size])
            wait_until_ready(page)
        yield page
        context.close()


def wait_until_ready(page) -> None:
    page.locator("body[data-ready]").wait_for(state="attached", timeout=PATIENCE_MS)


def workplaces(small: int, usual: int, large: int, huge: int) -> dict[str, throwaway.Workplace]:
    """By name of the size; `labelled` is a large one that is labelled to the last pixel."""
    sides = {"small": small, "usual": usual, "large": large, "labelled": large, "huge": huge}
    places = {name: throwaway.workplace(side, picture=photograph(side)) for name, side in sides.items()}
    label(places["labelled"])
    return places


def photograph(side: int) -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(enlarged_phantom(side)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def label(place: throwaway.Workplace) -> None:
    """Save a mask in which every pixel has a category, as an annotator's editor would."""
    side = place.image.width
    _, truth = tissue_phantom(min(side, 1024), min(side, 1024), seed=1)
    truth = np.maximum(truth, 1)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(place.member)
    response = save_labels(client, place.annotation, np.pad(truth, (0, side - len(truth)), mode="symmetric"))
    if response.status_code != 200:
        raise RuntimeError(f"The mask was answered with {response.status_code}: {response.content!r}")


@contextlib.contextmanager
def opened(places: dict[str, throwaway.Workplace]) -> Iterator[Desks]:
    with served() as site:
        wait_for_tiles()
        sides = {name: place.image.width for name, place in places.items()}
        pages = {name: reverse("editor", args=[place.annotation.pk]).lstrip("/") for name, place in places.items()}
        cookies = {name: browser.session_cookie(place.member, site) for name, place in places.items()}
        connection.close()
        with browser.launched() as chromium:
            yield Desks(chromium, sides, {name: site + page for name, page in pages.items()}, cookies)


def wait_for_tiles() -> None:
    """The site's task worker makes the tiles of large images."""
    deadline = time.monotonic() + TILES_SECONDS
    while Image.objects.filter(status=Image.Status.PREPARING).exists():
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"The tiles were not made; the site said: {(settings.DATA_DIR / 'site.log').read_text()}"
            )
        time.sleep(0.5)
