"""The labeller's way: to the next image, into the editor, setting an image aside, giving work back."""

from dataclasses import asdict
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from annotation import assignment
from annotation.answers import answers_json
from annotation.assignment import Refused
from annotation.forms import CannotLabelForm, ReturnForm
from annotation.imaging.superpixels import as_json
from annotation.inspecting import rules_of
from annotation.models import LABELS, PROVENANCE, Annotation
from projects.ingest import view_source
from projects.models import Image, Membership
from projects.permissions import Capability, Ended, get_annotation, get_project, may, what_ended


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
    ended = what_ended(request.user, project) if own else None
    workable = own is not None and annotation.is_open and not own.removed_at and not project.archived_at and not ended
    turn = assignment.next_open(own) if own else None
    if workable and annotation.state == Annotation.State.WAITING and turn != annotation:
        return redirect("label_next", project.pk)
    closed = not annotation.is_open and not project.archived_at
    context = {
        "annotation": annotation,
        "image": annotation.image,
        "project": project,
        "own": own is not None,
        "ended": ended,
        "neighbours": neighbours(annotation, turn),
        "may_return": closed and may(request.user, project, Capability.REVIEW),
        "cannot_form": CannotLabelForm(),
        "config": editor_config(annotation, read_only=not workable, user=request.user, ended=ended),
    }
    return render(request, "annotation/editor.html", context)


def neighbours(annotation: Annotation, turn: Annotation | None) -> dict:
    """Return what can be looked at before and after: the begun and done work of the same member, and what is next."""
    shown = Q(state__in=Annotation.DONE) | Q(head__gt=0) | Q(pk__in=[annotation.pk, turn.pk if turn else None])
    work = Annotation.objects.filter(shown, member=annotation.member_id, image__project=annotation.image.project_id)
    order = list(work.in_order().values_list("pk", flat=True))
    here = order.index(annotation.pk)
    return {"previous": order[here - 1] if here else None, "next": order[here + 1] if here + 1 < len(order) else None}


def editor_config(annotation: Annotation, *, read_only: bool, user: User, ended: Ended | None) -> dict:
    """Return what the editor's JavaScript is told."""
    image, project = annotation.image, annotation.image.project
    manages = not project.archived_at and may(user, project, Capability.MANAGE)
    member = None if read_only else annotation.member
    following = member and assignment.next_open(member, after=annotation)
    return {
        "annotation": {
            "id": annotation.pk,
            "head": annotation.head,
            "state": annotation.state,
            "comment": annotation.comment,
            "readOnly": read_only,
            "ended": str(ended or ""),
            "intended": annotation.intended,
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
        "rules": asdict(rules_of(image)) | {"unit": project.smallest_region_unit},
        "project": {"id": project.pk, "name": project.name},
        "person": {"id": user.pk, "username": user.username},
        "progress": progress(annotation),
        "urls": {
            "labels0": reverse("labels_load", args=[annotation.pk, LABELS]),
            "labels1": reverse("labels_load", args=[annotation.pk, PROVENANCE]),
            "save": reverse("revisions", args=[annotation.pk]),
            "intended": reverse("annotation_intended", args=[annotation.pk]),
            "cannotLabel": reverse("cannot_label", args=[annotation.pk]),
            "superpixels": superpixel_address("superpixels", image.pk),
            "superpixelTree": superpixel_address("superpixel_tree", image.pk),
            "superpixelCompare": superpixel_address("superpixel_compare", image.pk),
            "superpixelDefault": reverse("superpixel_default", args=[project.pk]) if manages else None,
            "signIn": sign_in_address(user),
            "thumbnail": reverse("image_thumbnail", args=[image.pk]),
            "fit": reverse("annotation_fit", args=[annotation.pk]),
            "home": reverse("home"),
        },
        "nextImage": following and next_image(following.image),
    }


def sign_in_address(user: User) -> str:
    """Where `user` logs in again beside the editor, which is told and goes on."""
    return f"{reverse('account_login')}?{urlencode({'next': reverse('signed_in', args=[user.pk])})}"


def superpixel_address(name: str, image: int) -> str:
    """The address of one of an image's superpixel views, with {algorithm} in the place of the algorithm."""
    return reverse(name, args=[image, "ALGORITHM"]).replace("ALGORITHM", "{algorithm}")


def next_image(image: Image) -> dict:
    """What the editor needs to have the map of the next image made while this one is being labelled."""
    return {
        "superpixels": superpixel_address("superpixels", image.pk),
        "superpixelTree": superpixel_address("superpixel_tree", image.pk),
        "width": image.width,
        "height": image.height,
        "umPerPx": image.um_per_px,
    }


def progress(annotation: Annotation) -> dict:
    """Return how many images the member has, how many are done, and which one this is, counted from 1."""
    work = Annotation.objects.filter(member=annotation.member_id, image__project=annotation.image.project_id)
    states = dict(work.in_order().values_list("pk", "state"))
    done = sum(state in Annotation.DONE for state in states.values())
    return {"done": done, "total": len(states), "index": list(states).index(annotation.pk) + 1}


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
