"""Which holes and specks of one's own annotation are intended."""

from django.http import JsonResponse
from django.views.decorators.http import require_POST

from accounts.requests import PersonRequest
from annotation.answers import answers_json
from annotation.assignment import Refused
from annotation.inspecting import intend, read_intended
from projects.forms import read_object
from projects.permissions import Capability, get_annotation


@require_POST
@answers_json
def annotation_intended(request: PersonRequest, pk: int) -> JsonResponse:
    """Take regions out of what has to be mended, or back into it; answer all that are intended."""
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    try:
        data = read_object(request)
    except ValueError as error:
        raise Refused(str(error), 400) from error
    signs, intended = read_intended(data, annotation.image)
    return JsonResponse({"intended": intend(annotation=annotation, by=request.user, signs=signs, intended=intended)})
