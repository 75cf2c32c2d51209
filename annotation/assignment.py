"""Who labels what in which order, and how an annotation moves from one state to the next."""

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils import timezone

from accounts.audit import record
from accounts.models import User
from annotation.models import Annotation
from projects.models import Image, Membership, Project

State = Annotation.State


class Refused(Exception):
    """What was asked cannot be done: the message says why and what to do, `details` go into the answer beside it."""

    def __init__(self, sentence: str, status: int = 409, **details):
        super().__init__(sentence)
        self.status = status
        self.details = details


def assign(membership: Membership) -> int:
    """Give the member all placed images of the project that are not theirs yet; return how many that were."""
    theirs = Annotation.objects.filter(image=OuterRef("pk"), member=membership)
    missing = Image.objects.placed().filter(~Exists(theirs), project=membership.project_id)
    rows = [
        Annotation(image_id=image, member=membership, position=position)
        for image, position in missing.values_list("pk", "position")
    ]
    Annotation.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def assign_images(project: Project) -> int:
    """Give every active member the images placed since. The creator takes part once they began to label."""
    began = Exists(Annotation.objects.filter(member=OuterRef("pk")))
    memberships = project.memberships.active().filter(~Q(role=Membership.Role.CREATOR) | began)
    return sum(assign(membership) for membership in memberships)


def next_open(membership: Membership, *, after: Annotation | None = None) -> Annotation | None:
    """Return what the member is to label now, or once `after` is done: what was returned first, then by position."""
    if membership.removed_at or membership.project.archived_at:
        return None
    returned_first = Case(When(state=State.RETURNED, then=0), default=1)
    others = membership.annotations.open().exclude(pk=after and after.pk).select_related("image")
    return others.order_by(returned_first, "position", "id").first()


def may_begin(annotation: Annotation) -> bool:
    """Tell whether it is this annotation's turn.

    What was begun or returned may always be continued. Of those that wait, the first may be begun, even if an earlier
    image is returned while it lies open in the member's browser: that work must not be refused.
    """
    if annotation.state != State.WAITING:
        return True
    earlier = Q(position__lt=annotation.position) | Q(position=annotation.position, pk__lt=annotation.pk)
    unfinished = Annotation.objects.filter(member=annotation.member_id, state__in=(State.WAITING, State.IN_PROGRESS))
    return not unfinished.filter(earlier).exists()


def check_may_label(annotation: Annotation) -> None:
    """Raise `Refused` unless the member may change this annotation at this moment."""
    if annotation.member is None or annotation.member.removed_at:
        raise Refused("You are no longer a member of this project, so nothing can be saved here.", 403)
    if annotation.image.project.archived_at:
        raise Refused("This project is archived, so nothing can be saved in it any more.")
    if not annotation.is_open:
        raise Refused(f"This annotation is {label(annotation.state)} and cannot be changed any more.")
    if not may_begin(annotation):
        raise Refused("It is not this image's turn: images are labelled in their order. Go to the next image.")


def label(state: str) -> str:
    """Return the name of a state as it stands in a sentence."""
    return "set aside" if state == State.CANNOT_BE_LABELLED else State(state).label.lower()


def may_move(state: str, to: str) -> bool:
    """Tell whether an annotation may go from one state to another."""
    return to in Annotation.TRANSITIONS[State(state)]


def state_after_save(state: str, *, submits: bool) -> str:
    """Return the state of an open annotation once it was saved."""
    to = State.SUBMITTED if submits else State.IN_PROGRESS
    return to if may_move(state, to) else state


def move(annotation: Annotation, to: str, **changes) -> None:
    """Change the state, if it still is what it was when `annotation` was read; anything else raises `Refused`."""
    if not may_move(annotation.state, to):
        raise Refused(f"What is {label(annotation.state)} cannot become {label(to)}.")
    here = Annotation.objects.filter(pk=annotation.pk, state=annotation.state, head=annotation.head)
    if here.update(state=to, changed_at=timezone.now(), **changes) != 1:
        raise Refused("This annotation was changed a moment ago. Reload the page and try again.")


def head_in_words(annotation: Annotation) -> str:
    """Return which labels a decision was about, as the audit trail keeps it."""
    digest = annotation.revisions.filter(number=annotation.head).values_list("saved_sha256", flat=True).first()
    return f"revision {annotation.head} sha256:{digest}" if digest else "nothing saved"


@transaction.atomic
def set_aside(*, annotation: Annotation, by: User, reason: str, comment: str) -> None:
    """The member says that this image cannot be labelled."""
    check_may_label(annotation)
    move(annotation, State.CANNOT_BE_LABELLED, cannot_reason=reason, comment=comment)
    record("cannot be labelled", annotation, actor=by, old=annotation.state, new=reason, reason=comment)


@transaction.atomic
def give_back(*, annotation: Annotation, by: User, comment: str) -> Membership:
    """Return closed work to its member, with a word about what is to be changed; tell who that is."""
    if annotation.member is None:
        raise Refused("Only the annotation of a member can be returned.")
    if annotation.image.project.archived_at:
        raise Refused("This project is archived, so nothing can be returned in it any more.")
    move(annotation, State.RETURNED, cannot_reason="", comment=comment)
    old = f"{annotation.state}, {head_in_words(annotation)}"
    record("annotation returned", annotation, actor=by, field="state", old=old, new=State.RETURNED, reason=comment)
    return annotation.member
