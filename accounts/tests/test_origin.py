"""Where a request comes from: its id in answer and log, and its address by the proxies that are trusted."""

import logging

import pytest
from django.http import HttpResponse
from django.urls import reverse

from accounts.audit import record
from accounts.origin import Origin, OriginMiddleware, RequestIdFilter, client_ip, origin


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),
        (1, None, "10.0.0.9"),
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "1.2.3.4, 192.0.2.7", "192.0.2.7"),
        (2, "1.2.3.4, 192.0.2.7, 10.0.0.8", "192.0.2.7"),
        (2, "1.2.3.4", "10.0.0.9"),  # somebody came round the outer proxy
        (1, "", "10.0.0.9"),
        (1, "not an address", ""),
        (1, "1.2.3.4, <script>", ""),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "2001:DB8:0:0::1", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_ip(rf.get("/", REMOTE_ADDR="10.0.0.9", headers=headers)) == address


def test_behind_a_unix_socket_there_is_no_address(rf, settings):
    settings.TRUSTED_PROXIES = 0
    assert client_ip(rf.get("/", REMOTE_ADDR="")) == ""


def test_every_request_has_an_id_of_its_own_whatever_the_client_sends(client):
    first, second = (client.get(reverse("account_login"), headers={"X-Request-ID": "mine"}) for _ in range(2))
    ids = {first.headers["X-Request-ID"], second.headers["X-Request-ID"], "mine"}
    assert len(ids) == 3
    assert client.get("/nowhere/").headers["X-Request-ID"]


def test_the_log_names_the_request(rf):
    seen = []

    def view(request):
        seen.append(line())
        return HttpResponse()

    def line(**extra):
        entry = logging.makeLogRecord({"msg": "x"} | extra)
        assert RequestIdFilter().filter(entry)
        return entry.request_id

    request = rf.get("/")
    response = OriginMiddleware(view)(request)
    assert seen == [response.headers["X-Request-ID"]]
    assert line() == "-"
    assert line(request=request) == seen[0]  # as Django logs an answer of 404, after all middleware


def test_a_request_that_fails_leaves_nothing_behind(rf):
    def view(request):
        raise ValueError("of the view")

    with pytest.raises(ValueError, match="of the view"):
        OriginMiddleware(view)(rf.get("/"))
    assert origin.get() == Origin()


def test_what_a_command_does_comes_from_nowhere(annotator):
    event = record("seen", annotator, actor=None)
    assert (event.request_id, event.ip) == ("", "")
