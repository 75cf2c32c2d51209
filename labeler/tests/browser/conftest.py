"""A real browser for the journeys: Debian's Chromium, and a page that reports whatever goes wrong on it."""

from pathlib import Path

import pytest

from annotation import workers
from labeler.bootstrap import chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return browser_type_launch_args | {"executable_path": program, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(autouse=True)
def database(transactional_db):
    """The server's threads need committed rows."""


@pytest.fixture(scope="session")
def warm_worker():
    """A worker process is ready: on a machine that never compiled the kernels that takes longer than a page may."""
    workers.run(len, "", seconds=600)


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong in the browser. A test that provokes a refusal on purpose clears it."""
    return []


def watch(context, troubles: list[str]) -> None:
    """Note every page error, breach of the content security policy and answer of 400 and above.

    What is asked for in the background may be refused while the server has other work.
    """
    context.on("weberror", lambda failure: troubles.append(f"page error: {failure.error}"))
    context.on(
        "console",
        lambda message: (
            troubles.append("{text} ({url}, line {lineNumber})".format(text=message.text, **message.location))
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    context.on(
        "response",
        lambda response: (
            troubles.append(f"{response.status} {response.url}")
            if response.status >= 400 and "background=1" not in response.url
            else None
        ),
    )


@pytest.fixture(autouse=True)
def watched(browser, troubles, monkeypatch):
    """Watch every page that a test opens, in whichever context; nothing may have gone wrong in the end."""
    new_context = browser.new_context

    def new_watched_context(**options):
        context = new_context(**options)
        context.set_default_timeout(15_000)
        watch(context, troubles)
        return context

    monkeypatch.setattr(browser, "new_context", new_watched_context)
    yield
    assert troubles == []


@pytest.fixture
def page(page):
    yield page
    page.goto("about:blank")  # so that no request is under way when the database is emptied
