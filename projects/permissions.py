"""Who may do what: the only place where a rule about projects is written.

Every view fetches its object through one of the `get_…` functions, which check the right on the way. A person without
any tie to the project gets the same 404 as for an id that does not exist; a member without the right gets 403.

What a role allows stands in one table. What has ended since, a protocol, an approval or a certificate, takes some of it
away again: `what_ended` says what and why.
"""

from enum import Enum, auto

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.models import Protocol, User, certificate_until, day_in_words
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
    MANAGE = auto()  # members, categories, archiving
    ADD = auto()  # images
    EXPORT = auto()  # masks


ROLE_CAPABILITIES: dict[Role, set[Capability]] = {
    Role.CREATOR: set(Capability),
    Role.REVIEWER: {Capability.SEE, Capability.LABEL, Capability.REVIEW},
    Role.ANNOTATOR: {Capability.SEE, Capability.LABEL},
    Role.ADMINISTRATOR: set(Capability) - {Capability.LABEL},
    Role.IRB_STAFF: set(),
    Role.OUTSIDER: set(),
}

WORK = {Capability.LABEL, Capability.ADD}  # what ends with a protocol or certificate; what is there may be looked at
RENEWAL = "Nothing is deleted; once IRB staff have renewed it, you can go on."


class Ended(PermissionDenied):
    """What somebody's work in a project rests on has ended, or was never there; `takes` are the rights that go."""

    def __init__(self, sentence: str, takes: set[Capability]):
        super().__init__(sentence)
        self.takes = takes


def what_ended(user: User, project: Project) -> Ended | None:
    """Why `user` may do less in `project` than their role allows: says which of protocol, approval and certificate
    ended, and since when. None while all of them hold. Needs no query if `project` came with its protocol."""
    protocol, rights = project.protocol, user.rights
    if protocol and protocol.pk not in rights.protocols and not user.is_superuser:
        if protocol.pk in rights.ended:
            day = day_in_words(rights.ended[protocol.pk])
            return Ended(f"Your approval for IRB protocol {protocol} ended on {day}. {RENEWAL}", set(Capability))
        sentence = f"You are not approved for IRB protocol {protocol}, which this project belongs to. Ask IRB staff."
        return Ended(sentence, set(Capability))
    if protocol and protocol.ended:
        return Ended(f"This project is read-only: IRB protocol {protocol} {protocol.ended}. {RENEWAL}", WORK)
    if protocol is None and settings.REQUIRE_PROTOCOL:
        return Ended("This project is read-only until its creator says which IRB protocol it belongs to.", WORK)
    until = certificate_until(rights.certificate_date)
    if until and until <= timezone.localdate():
        return Ended(
            f"Your work is read-only: your training certificate expired on {day_in_words(until)}. {RENEWAL}", WORK
        )
    return None


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
    if Capability.SEE not in ROLE_CAPABILITIES[role]:
        raise Http404
    if denied := denial(user, project, role, capability):
        raise denied
    return role


def denial(user: User, project: Project, role: Role, capability: Capability) -> PermissionDenied | None:
    """Why a person of this role may not; None if they may."""
    if capability not in ROLE_CAPABILITIES[role]:
        return PermissionDenied("Your role in this project does not allow this.")
    ended = what_ended(user, project)
    return ended if ended and capability in ended.takes else None


def may(user: User, project: Project, capability: Capability) -> bool:
    """Whether `user` has the right, for what a page offers beside its main object."""
    return denial(user, project, role_of(user, project), capability) is None


def get_project(user: User, pk: int, capability: Capability) -> Project:
    project = Project.objects.select_related("protocol").filter(pk=pk).first()
    if project is None:
        raise Http404
    check(user, project, capability)
    return project


def get_image(user: User, pk: int, capability: Capability) -> Image:
    try:
        image = Image.objects.select_related("project__protocol").get(pk=pk)
    except Image.DoesNotExist:
        raise Http404 from None
    check(user, image.project, capability)
    return image


def get_annotation(user: User, pk: int, capability: Capability) -> Annotation:
    """Fetch an annotation with `image.project.protocol` and `member`.

    SEE and LABEL speak of one's own; others' are seen by those who may REVIEW and labelled by nobody else.
    """
    annotation = Annotation.objects.select_related("image__project__protocol", "member__user").filter(pk=pk).first()
    if annotation is None:
        raise Http404
    project = annotation.image.project
    role = check(user, project, Capability.SEE)
    own = annotation.member is not None and annotation.member.user_id == user.pk
    if not own and Capability.REVIEW not in ROLE_CAPABILITIES[role]:
        raise Http404
    if capability == Capability.LABEL and not own:
        raise PermissionDenied("Your role in this project does not allow this.")
    if denied := denial(user, project, role, capability):
        raise denied
    return annotation


def protocols_open_to(user: User) -> QuerySet[Protocol]:
    """The protocols that a person may put a project under: those that hold, and that they are approved for."""
    holding = Protocol.objects.exclude(expires_on__lte=timezone.localdate()).filter(status=Protocol.Status.ACTIVE)
    return holding if user.is_superuser else holding.filter(pk__in=user.rights.protocols)


def projects_managed_by(user: User) -> QuerySet[Project]:
    """What a person may manage in the admin: everything for administrators, their own for creators, as long as they
    are approved for its protocol."""
    if not user.may_create_projects:
        return Project.objects.none()
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(
        Q(protocol=None) | Q(protocol__in=user.rights.protocols),
        memberships__user=user,
        memberships__role=Membership.Role.CREATOR,
        memberships__removed_at=None,
    )
