"""The address at which masks leave."""

import re

from django.core.exceptions import BadRequest
from django.http import Http404
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST

from accounts.requests import PersonRequest
from annotation.export import export_response
from annotation.forms import LARGEST, ExportForm
from projects.models import Image
from projects.permissions import Capability, get_project

NUMBER = re.compile(r"[0-9]{1,10}\Z")


@require_POST
def masks_export(request: PersonRequest) -> HttpResponseBase:
    """Download the masks of the projects named, of all their images or of those named."""
    projects = [get_project(request.user, pk, Capability.EXPORT) for pk in sorted(numbers(request, "project"))]
    if not projects:
        raise BadRequest("Name at least one project.")
    wanted = numbers(request, "image")
    images = Image.objects.filter(pk__in=wanted, project__in=projects) if wanted else None
    if images is not None and len(images) != len(wanted):
        raise Http404
    form = ExportForm(request.POST)
    form.is_valid()
    return export_response(request, projects, images, **form.cleaned_data)


def numbers(request: PersonRequest, field: str) -> set[int]:
    """Read the ids of a repeated field; what is no id is nobody's."""
    texts = request.POST.getlist(field)
    if not all(NUMBER.match(text) and int(text) <= LARGEST for text in texts):
        raise Http404
    return {int(text) for text in texts}
