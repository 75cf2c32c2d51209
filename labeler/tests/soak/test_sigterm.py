"""SIGTERM while a save is on its way: it is finished, answered and stored; nothing new is taken."""

import contextlib
import http.client
import json
import os
import signal
import socket
import time
import uuid

import numpy as np
import pytest

from annotation.imaging.png import encode_label_tile
from annotation.tests.painting import saved_sha256, tile_entry
from labeler.tests.soak.rounds import Site, check_whole
from labeler.tests.soak.savers import Browser, multipart

PLACE = (0, 1, 1)


@pytest.fixture
def site(installation):
    site = Site(installation)
    yield site
    site.end()


def knock(port: int) -> socket.socket | None:
    """Send a request; the system may take the connection although the server does not look at it any more."""
    with contextlib.suppress(ConnectionRefusedError):
        late = socket.create_connection(("127.0.0.1", port), 20)
        late.sendall(b"GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return late


def test_a_save_on_its_way_is_finished_and_nothing_new_is_taken(site):
    seeded = site.installation.seed("1", "1")
    [person] = seeded["people"]
    site.start()
    site.wait()
    browser = Browser(site.port)
    browser.log_in(person["username"], seeded["password"])
    browser.close()
    pixels = np.full((512, 512), 3, np.uint8)
    entry, boundary = tile_entry(*PLACE, pixels), uuid.uuid4().hex
    text = json.dumps({"kind": "checkpoint", "saved_sha256": saved_sha256([entry]), "tiles": [entry]})
    body = multipart(boundary, text, {PLACE: encode_label_tile(pixels)})
    slow = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    slow.putrequest("POST", f"/annotations/{person['annotation']}/revisions/")
    for name, value in {
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(body)),
        "If-Match": '"2"',
        "Idempotency-Key": str(uuid.uuid4()),
        "X-CSRFToken": browser.cookies["csrftoken"],
    }.items():
        slow.putheader(name, value)
    slow.endheaders(body[: len(body) // 2])
    time.sleep(1)  # the server is reading the body by now

    os.kill(site.children["web"].pid, signal.SIGTERM)
    time.sleep(2)
    assert site.children["web"].poll() is None
    late = knock(site.port)
    slow.send(body[len(body) // 2 :])
    response = slow.getresponse()
    answer = json.loads(response.read())
    slow.close()
    assert (response.status, answer["revision"]) == (200, 3)
    assert site.children["web"].wait(35) == 0
    if late:
        with late, contextlib.suppress(ConnectionResetError):
            assert late.recv(1) == b"", "a request that came after the signal was answered"
    check_whole(site.installation)
    [(head,)] = site.installation.ask("SELECT head FROM annotation_annotation")
    assert head == 3
