"""Headless Chromium as a person who is logged in uses it."""

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from labeler.bootstrap import chromium

WINDOW: Any = {"width": 1280, "height": 800}
NEEDED = "it needs Chromium and playwright, which `make install` brings"


def is_there() -> bool:
    return bool(chromium() and find_spec("playwright"))


@contextlib.contextmanager
def launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from labeler.tests.browser.conftest import FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


def session_cookie(person: User, address: str) -> Any:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}
