"""Attacks by what is uploaded. Their numbers are those of the project's list of attacks."""

import logging

import pytest
from django.urls import reverse

from annotation import workers
from annotation.tests.stored import stored
from projects.models import Image
from projects.tests.test_image_views import PIXELS, body, encoded, send

GIF = b"GIF89a/*\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
PAGES = {
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "picture.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "page.xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "script.gif": GIF + b"*/=alert(1)",
}
PARSERS = {
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(/etc/passwd) run\n",
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "psd": b"8BPS\x00\x01" + bytes(6) + b"\x00\x03\x00\x00\x00\x10\x00\x00\x00\x10\x00\x08\x00\x03" + bytes(14),
    "fits": b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
    "gd": b"\xff\xfe\x00\x10\x00\x10\x01" + bytes(300),
    "mcidas": b"\x00\x00\x00\x00\x00\x00\x00\x04" + bytes(248),
    "xbm": b"#define x_width 8\n#define x_height 8\nstatic char x_bits[] = {0};",
    "icns": b"icns\x00\x00\x00\x10ic07\x00\x00\x00\x08",
}


@pytest.fixture(autouse=True)
def read_in_this_process(monkeypatch):
    monkeypatch.setattr(workers, "run", lambda function, *args, **how: function(*args))


def assert_refused(response):
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    assert not Image.objects.exists()
    assert stored("images") == {}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("ending", ["", ".png"])
def test_attack_37_a_page_that_calls_itself_an_image_is_refused(client, project, name, ending):
    assert_refused(send(client, project, name + ending, PAGES[name]))


def test_attack_37_the_kind_of_what_is_shown_is_ours(client, project):
    """Behind a real picture everything is dropped, and no name and no type of the client's comes back."""
    image = send(client, project, "page.html", encoded(PIXELS) + PAGES["page.html"]).json()["id"]
    shown = client.get(reverse("image_pixels", args=[image]))
    assert shown.headers["Content-Type"] == "image/png"
    assert b"alert" not in body(shown)
    assert "html" not in shown.headers.get("Content-Disposition", "")


@pytest.mark.parametrize("kind", PARSERS)
def test_attack_38_formats_with_dangerous_parsers_are_refused(client, project, kind):
    assert_refused(send(client, project, "image.png", PARSERS[kind]))


def test_attack_42_a_name_of_a_person_is_in_no_address_no_key_and_no_log(client, project, caplog):
    caplog.set_level(logging.INFO)
    name = "DOE^JANE_MRN1234_1961-02-03.png"
    answer = send(client, project, name, encoded(PIXELS)).json()
    image = Image.objects.get(pk=answer["id"])
    client.post(reverse("images_place", args=[project.pk]))
    client.get(f"/images/{image.pk}/nowhere")
    for alias in ("images", "labels", "cache"):
        assert not [key for key in stored(alias) if "DOE" in key or "MRN" in key]
    shown = client.get(reverse("image_pixels", args=[image.pk]))
    assert body(shown)
    assert "DOE" not in str(shown.headers)
    assert "DOE" not in caplog.text
