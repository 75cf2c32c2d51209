"""The labeller's way: to the next image, into the editor, loading and saving labels, setting an image aside."""

import logging
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from annotation import assignment
from annotation.assignment import Refused
from annotation.forms import CannotLabelForm, LoadForm, ReturnForm
from annotation.imaging.superpixels import as_json
from annotation.models import LABELS, PROVENANCE, Annotation, Revision
from annotation.reading import STORE_ERRORS, Damaged, pack, tiles_at
from annotation.saving import Raced, answer, check_size, parse_save, save_revision
from projects.ingest import view_source
from projects.models import Membership
from projects.permissions import Capability, get_annotation, get_project, may

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
        except (*STORE_ERRORS, OperationalError, Raced) as error:
            logger.error("%s %s: %s", request.method, request.path, error)
            response = refusal("Storage is not available at the moment; nothing was changed. Try again soon.", 503)
            response["Retry-After"] = "5"
            return response

    return safely


@require_safe
def label_next(request: PersonRequest, pk: int) -> HttpResponse:
    """Lead to the image that is to be labelled now, or home when there is none."""
    project = get_project(request.user, pk, Capability.LABEL)
    membership = project.memberships.active().get(user=request.user)
    if membership.role == Membership.Role.CREATOR and not project.archived_at:
        assignment.assign(membership)
    annotation = assignment.next_open(membership)
    if annotation:
        return redirect("editor", annotation.pk)
    if project.archived_at:
        messages.info(request, f"{project} is archived, so there is nothing to label in it any more.")
    elif membership.annotations.exists():
        messages.success(request, f"All your images in {project} are labelled. Thank you for your work.")
    else:
        messages.info(request, f"There are no images in {project} yet. They will appear here once they are uploaded.")
    return redirect("home")


@never_cache  # going back must not show labels, tools and states of earlier
@require_safe
def editor(request: PersonRequest, pk: int) -> HttpResponse:
    """Show an annotation: to its member to work on when it is its turn, to everybody else and later read-only."""
    annotation = get_annotation(request.user, pk, Capability.SEE)
    own = annotation.member if annotation.member and annotation.member.user_id == request.user.pk else None
    project = annotation.image.project
    workable = own is not None and annotation.is_open and not own.removed_at and not project.archived_at
    turn = assignment.next_open(own) if own else None
    if workable and annotation.state == Annotation.State.WAITING and turn != annotation:
        return redirect("label_next", project.pk)
    closed = not annotation.is_open and not project.archived_at
    context = {
        "annotation": annotation,
        "image": annotation.image,
        "project": project,
        "own": own is not None,
        "neighbours": neighbours(annotation, turn),
        "may_return": closed and may(request.user, project, Capability.REVIEW),
        "cannot_form": CannotLabelForm(),
        "config": editor_config(annotation, read_only=not workable),
    }
    return render(request, "annotation/editor.html", context)


def neighbours(annotation: Annotation, turn: Annotation | None) -> dict:
    """Return what can be looked at before and after: the begun and done work of the same member, and what is next."""
    shown = Q(state__in=Annotation.DONE) | Q(head__gt=0) | Q(pk__in=[annotation.pk, turn.pk if turn else None])
    work = Annotation.objects.filter(shown, member=annotation.member_id, image__project=annotation.image.project_id)
    order = list(work.in_order().values_list("pk", flat=True))
    here = order.index(annotation.pk)
    return {"previous": order[here - 1] if here else None, "next": order[here + 1] if here + 1 < len(order) else None}


def editor_config(annotation: Annotation, *, read_only: bool) -> dict:
    """Return what the editor's JavaScript is told."""
    image, project = annotation.image, annotation.image.project
    return {
        "annotation": {
            "id": annotation.pk,
            "head": annotation.head,
            "state": annotation.state,
            "comment": annotation.comment,
            "readOnly": read_only,
        },
        "image": {
            "id": image.pk,
            "name": image.name,
            "width": image.width,
            "height": image.height,
            "umPerPx": image.um_per_px,
            "source": view_source(image),
        },
        "categories": [
            {
                "value": category.value,
                "name": category.name,
                "color": category.color,
                "retired": category.retired_at is not None,
            }
            for category in project.categories.all()
        ],
        "algorithms": as_json(),
        "defaults": project.superpixel_defaults,
        "instructions": project.instructions,
        "project": {"id": project.pk, "name": project.name},
        "progress": progress(annotation),
        "urls": {
            "labels0": reverse("labels_load", args=[annotation.pk, LABELS]),
            "labels1": reverse("labels_load", args=[annotation.pk, PROVENANCE]),
            "save": reverse("revision_save", args=[annotation.pk]),
            "cannotLabel": reverse("cannot_label", args=[annotation.pk]),
            "superpixels": reverse("superpixels", args=[image.pk, "ALGORITHM"]).replace("ALGORITHM", "{algorithm}"),
            "home": reverse("home"),
        },
    }


def progress(annotation: Annotation) -> dict:
    """Return how many images the member has, how many are done, and which one this is, counted from 1."""
    work = Annotation.objects.filter(member=annotation.member_id, image__project=annotation.image.project_id)
    states = dict(work.in_order().values_list("pk", "state"))
    done = sum(state in Annotation.DONE for state in states.values())
    return {"done": done, "total": len(states), "index": list(states).index(annotation.pk) + 1}


@require_safe
@answers_json
def labels_load(request: PersonRequest, pk: int, plane: int) -> HttpResponse:
    """Answer a region of a plane at a revision: see `reading.pack` for the format."""
    annotation = get_annotation(request.user, pk, Capability.SEE)
    form = LoadForm(request.GET)
    if plane not in (LABELS, PROVENANCE):
        raise Http404
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Refused(f"`{field}`: {errors[0]}", 400)
    number = form.cleaned_data["revision"]
    number = annotation.head if number is None else number
    if number > annotation.head:
        raise Refused(f"There is no revision {number}; the last one is {annotation.head}.", 404)
    if number not in (0, annotation.head) and not annotation.revisions.filter(number=number).exists():
        raise Refused(f"Revision {number} was an autosave and was thinned out since.", 404)
    region = form.region()
    etag = f'"{number}-{plane}-{region.column}-{region.row}-{region.columns}-{region.rows}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        tiles = tiles_at({annotation.pk: number}, plane, region)[annotation.pk]
        packed = pack(annotation.image, number, plane, tiles)
        response = HttpResponse(packed, content_type="application/octet-stream", headers={"ETag": etag})
    response["Cache-Control"] = "private, no-cache"
    return response


@csrf_exempt  # checked in `save`, once it is known that the body may be read at all
@require_POST
@answers_json
def revision_save(request: PersonRequest, pk: int) -> HttpResponse:
    """Save changed tiles as the next revision of one's own annotation."""
    check_size(request)
    return save(request, pk)


@csrf_protect
def save(request: PersonRequest, pk: int) -> HttpResponse:
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    parsed = parse_save(request, annotation.image)
    revision = save_revision(annotation=annotation, by=request.user, save=parsed)
    told = answer(revision)
    if revision.kind == Revision.Kind.GROUND_TRUTH:
        told["next"] = reverse("label_next", args=[annotation.image.project_id])
    return JsonResponse(told, headers={"ETag": f'"{revision.number}"'})


@require_POST
@answers_json
def cannot_label(request: PersonRequest, pk: int) -> HttpResponse:
    """Set one's own image aside; it counts as done."""
    annotation = get_annotation(request.user, pk, Capability.LABEL)
    form = CannotLabelForm(request.POST)
    if not form.is_valid():
        raise Refused(str(next(iter(form.errors.values()))[0]), 400)
    assignment.set_aside(annotation=annotation, by=request.user, **form.cleaned_data)
    return JsonResponse({"next": reverse("label_next", args=[annotation.image.project_id])})


@require_POST
def annotation_return(request: PersonRequest, pk: int) -> HttpResponse:
    """Give closed work back to its member with a comment."""
    annotation = get_annotation(request.user, pk, Capability.REVIEW)
    back = f"{reverse('home')}#project-{annotation.image.project_id}"
    form = ReturnForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect(back)
    try:
        member = assignment.give_back(annotation=annotation, by=request.user, comment=form.cleaned_data["comment"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{annotation.image} was returned to {member.user.full_name}.")
    return redirect(back)
