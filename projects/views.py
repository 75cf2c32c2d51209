"""The home page, making and editing a project, its members, archiving. Images are in `image_views`."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from annotation.answers import answers_json
from annotation.forms import SuperpixelForm
from annotation.imaging.superpixels import ALGORITHMS
from annotation.models import Annotation
from annotation.superpixel_maps import default_setting, setting
from projects import services
from projects.forms import NAME_TAKEN, Submission, protocols_to_choose, read_superpixels
from projects.home import home_page, work
from projects.models import Image, Membership, Project
from projects.permissions import Capability, Ended, get_project, protocols_open_to, what_ended

# What a new project starts with; the page gives each the next colour of its palette.
CATEGORIES = ["Tumour", "Stroma", "Necrosis", "Lymphocytes", "Background"]


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of a refusal; what ended, and since when, is said to whom it concerns."""
    return render(request, "403.html", {"ended": exception if isinstance(exception, Ended) else None}, status=403)


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """Both tabs: what I created, what is shared with me."""
    return render(request, "projects/home.html", home_page(request.user))


@require_http_methods(["GET", "HEAD", "POST"])
def project_new(request: PersonRequest) -> HttpResponse:
    """The page of a new project; posting to it creates the project, whose images follow one by one."""
    if not request.user.may_create_projects:
        raise PermissionDenied("Creating projects needs a right that you do not have yet. Ask for it in the menu.")
    if request.method != "POST":
        categories = [{"name": name} for name in CATEGORIES]
        context = {"data": {"categories": categories}, "protocols": protocols_open_to(request.user)}
        return render(request, "projects/project_new.html", context | {"require_protocol": settings.REQUIRE_PROTOCOL})
    submission = Submission(request, creator=request.user, protocols=protocols_open_to(request.user))
    if submission.errors:
        return JsonResponse({"errors": submission.errors}, status=400)
    try:
        project = services.create_project(creator=request.user, **submission.texts, categories=submission.categories)
    except IntegrityError:  # the same name, sent twice at the same moment
        return JsonResponse({"errors": {"name": NAME_TAKEN}}, status=400)
    urls = {
        "upload_url": reverse("image_upload", args=[project.pk]),
        "place_url": reverse("images_place", args=[project.pk]),
    }
    return JsonResponse({"id": project.pk} | urls, status=201)


@require_http_methods(["GET", "HEAD", "POST"])
def project_edit(request: PersonRequest, pk: int) -> HttpResponse:
    """The creator's page of a project: texts, categories, images, members."""
    project = get_project(request.user, pk, Capability.MANAGE)
    if request.method != "POST":
        return render(request, "projects/project_edit.html", edit_page(request.user, project))
    protocols = protocols_open_to(request.user)
    submission = Submission(request, creator=project.creator, protocols=protocols, project=project)
    if submission.errors:
        return JsonResponse({"errors": submission.errors}, status=400)
    try:
        services.save_project(
            project=project,
            actor=request.user,
            opened_with=submission.fingerprint,
            texts=submission.texts,
            rules=submission.rules,
            categories=submission.categories,
            images=submission.images,
        )
    except services.Refused as refusal:
        status = 409 if isinstance(refusal, services.Stale) else 400
        return JsonResponse({"errors": {refusal.field: str(refusal)}}, status=status)
    except IntegrityError:
        return JsonResponse({"errors": {"name": NAME_TAKEN}}, status=400)
    messages.success(request, "Your changes are saved.")
    return JsonResponse({"saved": True})


def edit_page(user: User, project: Project) -> dict:
    """What the edit page shows."""
    categories = [
        {"value": c.value, "name": c.name, "color": c.color, "retired": bool(c.retired_at)}
        for c in project.categories.all()
    ]
    begun = Annotation.objects.filter(image=OuterRef("pk"), head__gt=0)
    images = project.images.order_by("position")
    return {
        "project": project,
        "data": {"categories": categories, "fingerprint": services.fingerprint(project)},
        "images": images.placed().annotate(locked=Exists(begun)),
        "waiting": images.filter(status=Image.Status.UPLOADED).count(),
        "next_position": services.next_position(project),
        "memberships": work(project.memberships.active().select_related("user")).order_by("added_at", "pk"),
        "superpixels": superpixel_forms(project),
        "protocols": protocols_to_choose(protocols_open_to(user), project),
        "require_protocol": settings.REQUIRE_PROTOCOL,
        "ended": what_ended(user, project),
    }


def superpixel_forms(project: Project) -> dict:
    """One form for each algorithm, filled with what people start with, and which of them is chosen."""
    defaults = project.superpixel_defaults
    chosen, _ = default_setting(defaults)
    settings = [setting(name, defaults) for name in ALGORITHMS]
    forms = [SuperpixelForm(algorithm, initial=values, prefix=algorithm.name) for algorithm, values in settings]
    return {"chosen": chosen.name, "forms": forms}


@require_POST
@answers_json
def superpixel_default(request: PersonRequest, pk: int) -> HttpResponse:
    """Choose the superpixels that people start with; the editor asks for this, too."""
    project = get_project(request.user, pk, Capability.MANAGE)
    try:
        algorithm, values = read_superpixels(request)
        services.save_superpixel_default(project=project, actor=request.user, algorithm=algorithm.name, values=values)
    except (ValueError, services.Refused) as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse({"saved": True})


@require_POST
def member_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Add a person by username or e-mail; answers in JSON, so that a wrong name does not close the dialog."""
    project = get_project(request.user, pk, Capability.MANAGE)
    try:
        person = services.find_person(request.POST.get("person", ""))
        services.add_member(project=project, person=person, actor=request.user)
    except services.Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    messages.success(request, f"{person.username} is now a member of {project.name}.")
    return JsonResponse({"username": person.username}, status=201)


@require_POST
def member_remove(request: PersonRequest, pk: int, membership_pk: int) -> HttpResponse:
    """End a membership; what the member labelled stays."""
    project = get_project(request.user, pk, Capability.MANAGE)
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=membership_pk, project=project)
    try:
        removed = services.remove_member(membership=membership, actor=request.user)
    except services.Refused as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    name = membership.user.username
    said = f"{name} was removed. Their work is kept." if removed else f"{name} is no longer a member."
    messages.success(request, said)
    return redirect(f"{reverse('home')}#project-{project.pk}")


@require_POST
def project_archive(request: PersonRequest, pk: int) -> HttpResponse:
    """Archive a project, after its creator has shown once more who they are."""
    return archive_after_reauthentication(request, get_project(request.user, pk, Capability.MANAGE))


# Behind the permission check: a stranger learns nothing from being asked for a password.
@reauthentication_required
def archive_after_reauthentication(request: PersonRequest, project: Project) -> HttpResponse:
    services.archive_project(project=project, actor=request.user)
    messages.success(request, f"{project.name} is archived. Nothing was deleted; its masks can still be downloaded.")
    return redirect("home")


@require_POST
def project_revive(request: PersonRequest, pk: int) -> HttpResponse:
    """Bring a project back from the archive."""
    project = get_project(request.user, pk, Capability.MANAGE)
    services.revive_project(project=project, actor=request.user)
    messages.success(request, f"{project.name} is back, with its members and their work.")
    return redirect(f"{reverse('home')}#project-{project.pk}")
