"""Where what happens comes from: the request at work, kept where the audit trail and the logs find it.

A context variable, because a hundred functions between a view and the audit trail would pass it on and not use it.
"""

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


@dataclass(frozen=True)
class Origin:
    """Commands and tasks have no request, so they leave both empty."""

    request_id: str = ""
    ip: str = ""


NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def client_ip(request: HttpRequest) -> str:
    """Return the address of whoever asks, as the outermost proxy that we trust has seen it.

    Each proxy adds the address that it saw at the end of `X-Forwarded-For`. What stands before those of ours was
    written by the client, who may write anything. With fewer addresses than proxies somebody came round one of them:
    then only the connection itself is believed.
    """
    text = request.META.get("REMOTE_ADDR", "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(hops) and hops != [""]:
        text = hops[-settings.TRUSTED_PROXIES]
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""  # a Unix socket, for example
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


class OriginMiddleware:
    """Gives every request an id of its own, which the answer, the logs and the audit trail carry."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        here = Origin(secrets.token_hex(8), client_ip(request))
        request.origin = here  # type: ignore[attr-defined]  # for what Django logs once we are done
        token = origin.set(here)
        try:
            response = self.get_response(request)
        finally:
            origin.reset(token)
        response.headers["X-Request-ID"] = here.request_id
        return response


class RequestIdFilter(logging.Filter):
    """Gives each line of the log the id of its request, or "-"."""

    def filter(self, record: logging.LogRecord) -> bool:
        here = getattr(getattr(record, "request", None), "origin", None) or origin.get()
        record.request_id = here.request_id or "-"
        return True
