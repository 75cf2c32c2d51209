"""The pages that show a creator what happened in a project and to an image."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from projects import trail
from projects.permissions import Capability, get_image, get_project

NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z")


@require_safe
def project_trail(request: PersonRequest, pk: int) -> HttpResponse:
    project = get_project(request.user, pk, Capability.MANAGE)
    return trail_page(request, trail.of_project(project), project=project)


@require_safe
def image_trail(request: PersonRequest, pk: int) -> HttpResponse:
    image = get_image(request.user, pk, Capability.MANAGE)
    return trail_page(request, trail.of_image(image), project=image.project, image=image)


def trail_page(request: HttpRequest, events, **objects) -> HttpResponse:
    kind, before = request.GET.get("kind", ""), request.GET.get("before", "")
    if kind not in trail.KINDS or (before and not NUMBER.match(before)):
        raise Http404
    page = trail.page(events, kind, int(before) if before else None)
    return render(request, "projects/project_trail.html", page | objects)
