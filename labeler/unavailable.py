"""When the database, a store or the mail server does not answer: 503 with a sentence, whichever page was asked for."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views.defaults import server_error

from labeler.storage import STORE_ERRORS

# What ends by itself, or once an administrator acted: down, full, read-only, locked, too slow.
PASSING_ERRORS = (OperationalError, InterfaceError, *STORE_ERRORS)
HEADERS = {"Retry-After": "5"}  # seconds

logger = logging.getLogger(__name__)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer what no view and no middleware has caught; Django calls this while the exception is being handled."""
    error = sys.exc_info()[1]
    if not isinstance(error, PASSING_ERRORS):
        return server_error(request)
    logger.error("%s %s: %s", request.method, request.path, error)
    if request.accepts("text/html"):
        page = loader.get_template("503.html").render()
        return HttpResponse(page, status=503, headers=HEADERS)
    return unavailable_json()


def unavailable_json() -> JsonResponse:
    sentence = "Storage is not available at the moment; nothing was changed. Try again soon."
    return JsonResponse({"error": sentence}, status=503, headers=HEADERS)
