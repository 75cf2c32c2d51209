"""The queries of the home page: their number is the same for two projects and for two hundred."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from annotation.models import Annotation
from projects.models import Image, Membership, Project
from projects.permissions import Capability, what_ended

STRIP = 4
DONE = Q(annotations__state__in=Annotation.DONE)


@dataclass(slots=True)
class Member:
    """A member of a project of mine, with how far they are and what they say cannot be labelled."""

    membership: Any  # a Membership with what `work` adds
    cannot: list[Annotation] = field(default_factory=list)


@dataclass(slots=True)
class Created:
    """A project of mine."""

    project: Project
    members: list[Member] = field(default_factory=list)
    strip: list[Image] = field(default_factory=list)
    images: int = 0
    waiting: int = 0

    @property
    def done(self) -> int:
        return sum(member.membership.done for member in self.members)

    @property
    def total(self) -> int:
        return sum(member.membership.total for member in self.members)


def work(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Add `total`, `done`, `begun` and `returned`, how much of their work is behind each member, and `first_done`."""
    looked_at_first = Annotation.objects.done().filter(member=OuterRef("pk")).in_order()
    return memberships.annotate(
        total=Count("annotations"),
        done=Count("annotations", filter=DONE),
        begun=Count("annotations", filter=Q(annotations__head__gt=0)),
        returned=Count("annotations", filter=Q(annotations__state=Annotation.State.RETURNED)),
        first_done=Subquery(looked_at_first.values("pk")[:1]),
    )


def memberships_of(user: User) -> list[Any]:
    """All projects a person takes part in, newest first, each with `next_image`: what to label next."""
    returned_first = Case(When(state=Annotation.State.RETURNED, then=0), default=1, output_field=IntegerField())
    following = Annotation.objects.open().filter(member=OuterRef("pk")).order_by(returned_first, "position", "id")
    memberships = user.memberships.active().select_related("project__creator", "project__protocol")
    return list(
        work(memberships)
        .annotate(next_image=Subquery(following.values("image")[:1]))
        .order_by("-project__created_at", "-project_id")
    )


def created_projects(projects: list[Project]) -> list[Created]:
    """What the table *Created by me* shows of these projects, in four queries."""
    created = {project.pk: Created(project) for project in projects}
    if not created:
        return []
    counts = Image.objects.filter(project__in=created).order_by().values("project")
    waiting = Q(status=Image.Status.UPLOADED)
    for row in counts.annotate(images=Count("pk", filter=~waiting), waiting=Count("pk", filter=waiting)):
        created[row["project"]].images, created[row["project"]].waiting = row["images"], row["waiting"]
    rank = Window(RowNumber(), partition_by=F("project"), order_by=F("position").asc())
    for image in Image.objects.placed().filter(project__in=created).annotate(rank=rank).filter(rank__lte=STRIP):
        created[image.project_id].strip.append(image)
    members: dict[int, Member] = {}
    creator_first = Case(When(role=Membership.Role.CREATOR, then=Value(0)), default=Value(1))
    memberships = work(Membership.objects.active().filter(project__in=created).select_related("user"))
    for membership in memberships.order_by(creator_first, "added_at", "pk"):
        members[membership.pk] = Member(membership)
        created[membership.project_id].members.append(members[membership.pk])
    cannot = Annotation.objects.filter(
        state=Annotation.State.CANNOT_BE_LABELLED, member__project__in=created, member__removed_at=None
    )
    for annotation in cannot.select_related("image").in_order():
        members[annotation.member_id].cannot.append(annotation)
    return list(created.values())


def home_page(user: User) -> dict:
    """Everything the template of the home page shows. Of what a person may not even open, the name and why."""
    memberships = memberships_of(user) if user.may_label else []
    for membership in memberships:
        membership.ended = membership.project.ended = what_ended(user, membership.project)
    stopped = [m for m in memberships if m.ended and not m.project.archived_at]
    memberships = [m for m in memberships if not m.ended or Capability.SEE not in m.ended.takes]
    mine = [m.project for m in memberships if m.role == Membership.Role.CREATOR]
    shared = [m for m in memberships if m.role != Membership.Role.CREATOR and not m.project.archived_at]
    created = created_projects([project for project in mine if not project.archived_at])
    prefers_shared = not created and (shared or not user.may_create_projects)
    return {
        "created": created,
        "shared": shared,
        "stopped": stopped,
        "archived": [project for project in mine if project.archived_at],
        "tab": "shared" if prefers_shared else "created",
    }
