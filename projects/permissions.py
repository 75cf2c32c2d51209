"""Who may do what: the only place where a rule about projects is written.

Every view fetches its object through one of the `get_…` functions, which check the right on the way. A person without
any tie to the project gets the same 404 as for an id that does not exist; a member without the right gets 403.
"""

from enum import Enum, auto

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import User
from annotation.models import Annotation
from projects.models import Image, Membership, Project


class Role(Enum):
    """What a person is to one project."""

    CREATOR = "creator"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"
    ADMINISTRATOR = "administrator"
    IRB_STAFF = "IRB staff"
    OUTSIDER = "outsider"


class Capability(Enum):
    SEE = auto()  # that the project exists, its name, categories and images
    LABEL = auto()  # one's own annotations
    REVIEW = auto()  # everybody's annotations; return them
    MANAGE = auto()  # members, images, categories, archiving
    EXPORT = auto()  # masks


ROLE_CAPABILITIES: dict[Role, set[Capability]] = {
    Role.CREATOR: {Capability.SEE, Capability.LABEL, Capability.REVIEW, Capability.MANAGE, Capability.EXPORT},
    Role.REVIEWER: {Capability.SEE, Capability.LABEL, Capability.REVIEW},
    Role.ANNOTATOR: {Capability.SEE, Capability.LABEL},
    Role.ADMINISTRATOR: {Capability.SEE, Capability.REVIEW, Capability.MANAGE, Capability.EXPORT},
    Role.IRB_STAFF: set(),
    Role.OUTSIDER: set(),
}


def role_of(user: User, project: Project) -> Role:
    """The role of `user` in `project`. IRB staff have none, whatever memberships they may once have had."""
    if not user.is_approved or user.is_irb_staff:
        return Role.IRB_STAFF if user.is_irb_staff else Role.OUTSIDER
    active = Membership.objects.active().filter(project=project, user=user)
    roles = list(active.order_by().values_list("role", flat=True))  # one at most, by constraint
    if not roles or not user.may_label:
        return Role.ADMINISTRATOR if user.is_superuser else Role.OUTSIDER
    if user.is_superuser:
        return Role.CREATOR  # an administrator who labels keeps the rights of an administrator
    if roles == [Membership.Role.CREATOR] and not user.may_create_projects:
        return Role.ANNOTATOR  # the right to create projects has ended
    return Role(roles[0])


def check(user: User, project: Project, capability: Capability) -> Role:
    """Return the role of `user`; raise Http404 for strangers, PermissionDenied for those without the right."""
    role = role_of(user, project)
    capabilities = ROLE_CAPABILITIES[role]
    if Capability.SEE not in capabilities:
        raise Http404
    if capability not in capabilities:
        raise PermissionDenied("Your role in this project does not allow this.")
    return role


def may(user: User, project: Project, capability: Capability) -> bool:
    """Whether `user` has the right, for what a page offers beside its main object."""
    return capability in ROLE_CAPABILITIES[role_of(user, project)]


def get_project(user: User, pk: int, capability: Capability) -> Project:
    project = Project.objects.filter(pk=pk).first()
    if project is None:
        raise Http404
    check(user, project, capability)
    return project


def get_image(user: User, pk: int, capability: Capability) -> Image:
    try:
        image = Image.objects.select_related("project").get(pk=pk)
    except Image.DoesNotExist:
        raise Http404 from None
    check(user, image.project, capability)
    return image


def get_annotation(user: User, pk: int, capability: Capability) -> Annotation:
    """Fetch an annotation with `image.project` and `member`.

    SEE and LABEL speak of one's own; others' are seen by those who may REVIEW and labelled by nobody else.
    """
    annotation = Annotation.objects.select_related("image__project", "member__user").filter(pk=pk).first()
    if annotation is None:
        raise Http404
    role = check(user, annotation.image.project, Capability.SEE)
    own = annotation.member is not None and annotation.member.user_id == user.pk
    if not own and Capability.REVIEW not in ROLE_CAPABILITIES[role]:
        raise Http404
    if (capability == Capability.LABEL and not own) or (
        capability not in ROLE_CAPABILITIES[role] and capability != Capability.SEE
    ):
        raise PermissionDenied("Your role in this project does not allow this.")
    return annotation


def projects_managed_by(user: User) -> QuerySet[Project]:
    """What a person may manage in the admin: everything for administrators, their own for creators."""
    if not user.may_create_projects:
        return Project.objects.none()
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(
        Q(memberships__user=user, memberships__role=Membership.Role.CREATOR, memberships__removed_at=None)
    )
