"""How views that editors talk to say what went wrong: a status and one JSON sentence."""

import logging
from functools import wraps

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError

from accounts.requests import PersonRequest
from annotation.assignment import Refused
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerError, WorkerOutOfMemory, WorkerTimeout
from annotation.reading import Damaged
from annotation.saving import Raced
from labeler.unavailable import PASSING_ERRORS, unavailable_json

RETRY_SECONDS = 2
WORKER_SENTENCES: dict[type[WorkerError], str] = {
    WorkerBusy: "The server is busy. Please try again in a moment.",
    WorkerTimeout: "The calculation took too long. Try fewer or larger segments, or a smaller region.",
    WorkerOutOfMemory: "The calculation needs too much memory. Try a smaller region.",
    WorkerDied: "The calculation broke off. Try it once more, or with other settings; then tell the administrator.",
}
UNREADABLE = "The pixels of this image cannot be read at the moment. Please tell the administrator."
logger = logging.getLogger(__name__)


def refusal(sentence: str, status: int, **details) -> JsonResponse:
    return JsonResponse({"error": sentence, **details}, status=status)


def answers_json(view):
    """Turn whatever goes wrong in `view` into a status and one JSON sentence."""

    @wraps(view)
    def safely(request: PersonRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            return refusal(str(refused), refused.status, **refused.details)
        except Damaged as damaged:
            logger.error("%s", damaged)
            return refusal(f"{damaged} Ask the administrator to restore it from a backup.", 409)
        except PermissionDenied as denied:
            return refusal(str(denied), 403)
        except Http404:
            return refusal("There is nothing here, or you have no access to it.", 404)
        except (TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig):
            return refusal("The request has too many parts or too long a field. Send it in smaller steps.", 413)
        except MultiPartParserError:
            return refusal("The request is no form that can be read: it was damaged on the way. Send it again.", 400)
        except (*PASSING_ERRORS, Raced) as error:
            logger.error("%s %s: %s", request.method, request.path, error)
            return unavailable_json()

    return safely


def no_result(error: WorkerError) -> JsonResponse:
    """Say calmly why a worker gave no result, and when to come again if that helps."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, WorkerBusy) else None
    return JsonResponse({"error": WORKER_SENTENCES[type(error)]}, status=503, headers=headers)
