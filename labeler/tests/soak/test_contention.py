"""Many at once: of two who save the same revision one wins, and eight processes that write never meet an error."""

import json
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.conf import settings

from annotation.imaging.png import encode_label_tile
from annotation.tests.painting import saved_sha256, tile_entry
from labeler.tests.soak.rounds import Site, check_whole
from labeler.tests.soak.savers import Browser, multipart

PROCESSES = 8
PLACE = (0, 0, 0)


@pytest.fixture
def site(installation):
    site = Site(installation)
    yield site
    site.end()


def post_save(browser: Browser, annotation: int, head: int, value: int, start: threading.Barrier) -> tuple[int, dict]:
    """Save a tile of one value upon `head`, at the very moment when the other one does."""
    pixels = np.full((512, 512), value, np.uint8)
    entry, boundary = tile_entry(*PLACE, pixels), uuid.uuid4().hex
    body = {"kind": "checkpoint", "saved_sha256": saved_sha256([entry]), "tiles": [entry]}
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "If-Match": f'"{head}"',
        "Idempotency-Key": str(uuid.uuid4()),
        "X-CSRFToken": browser.cookies["csrftoken"],
    }
    form = multipart(boundary, json.dumps(body), {PLACE: encode_label_tile(pixels)})
    start.wait()
    status, answer = browser.request("POST", f"/annotations/{annotation}/revisions/", form, headers)
    return status, json.loads(answer)


def save_against_each_other(site: Site, rounds: int) -> None:
    seeded = site.installation.seed("1", "1")
    [person] = seeded["people"]
    site.start()
    site.wait()
    two = [Browser(site.port), Browser(site.port)]
    for browser in two:
        browser.log_in(person["username"], seeded["password"])
    start, first = threading.Barrier(2), 2  # `seed` has saved twice
    with ThreadPoolExecutor(2) as pool:
        for head in range(first, first + rounds):
            saves = [
                pool.submit(post_save, browser, person["annotation"], head, 1 + (head + number) % 5, start)
                for number, browser in enumerate(two)
            ]
            (won, answer), (lost, refusal) = sorted((save.result() for save in saves), key=lambda told: told[0])
            assert (won, lost) == (200, 412), (answer, refusal)
            assert answer["revision"] == refusal["head"] == head + 1
            assert refusal["author"] == person["username"]
    for browser in two:
        browser.close()
    [(head,)] = site.installation.ask("SELECT head FROM annotation_annotation")
    assert head == first + rounds
    check_whole(site.installation)


def test_of_two_who_save_the_same_revision_exactly_one_wins(site):
    save_against_each_other(site, rounds=100)


@pytest.mark.soak
def test_of_two_who_save_the_same_revision_exactly_one_wins_a_thousand_times(site):
    save_against_each_other(site, rounds=1000)


def save_at_once(installation, saves: int) -> list[float]:
    """Let eight processes save, each its own annotation; return the seconds of all saves, sorted."""
    people = installation.seed(str(PROCESSES), "1")["people"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "labeler.tests.soak.save_many", str(person["annotation"]), str(saves)],
            cwd=settings.BASE_DIR,
            env=installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for person in people
    ]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * PROCESSES
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=900)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    heads = installation.ask("SELECT head FROM annotation_annotation")
    assert heads == [(2 + saves,)] * PROCESSES
    check_whole(installation)
    return sorted(second for text in said for second in json.loads(text))


def summary(seconds: list[float]) -> str:
    p50, p99 = (1000 * seconds[int(len(seconds) * part)] for part in (0.5, 0.99))
    return f"{len(seconds)} saves: p50 {p50:.0f} ms, p99 {p99:.0f} ms, worst {1000 * seconds[-1]:.0f} ms"


def test_eight_processes_save_without_an_error(installation):
    print(summary(save_at_once(installation, saves=15)))


@pytest.mark.soak
def test_eight_processes_save_150_times_without_an_error(installation, capsys):
    seconds = save_at_once(installation, saves=150)
    with capsys.disabled():
        print(f"\n{'SQLite' if installation.is_sqlite else 'PostgreSQL'}, {PROCESSES} processes, {summary(seconds)}")
