"""The order of work, whose turn it is, and every transition between states."""

import threading
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from annotation import assignment
from annotation.assignment import Refused, assign, assign_images, may_begin, may_move, move, next_open, state_after_save
from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from projects.models import Image, Membership
from projects.tests.factories import ImageFactory, MembershipFactory, ProjectFactory

State = Annotation.State
ALLOWED = {
    "waiting": {"in_progress", "submitted", "cannot_be_labelled"},
    "in_progress": {"submitted", "cannot_be_labelled"},
    "returned": {"submitted", "cannot_be_labelled"},
    "submitted": {"accepted", "returned"},
    "cannot_be_labelled": {"accepted", "returned"},
    "accepted": {"returned"},
}


def test_assigning_gives_all_placed_images_in_their_order_once(project, membership, images):
    ImageFactory(project=project, position=9, status=Image.Status.UPLOADED)
    ImageFactory()
    assert assign(membership) == 3
    assert assign(membership) == 0
    assert list(membership.annotations.in_order().values_list("image", "position", "state")) == [
        (image.pk, image.position, "waiting") for image in images
    ]


def test_assigning_again_adds_what_was_placed_since_and_keeps_what_was_done(work, membership, project):
    Annotation.objects.filter(pk=work[0].pk).update(state=State.SUBMITTED)
    late = ImageFactory(project=project, position=3)
    assert assign(membership) == 1
    assert membership.annotations.in_order().last().image == late
    assert membership.annotations.get(pk=work[0].pk).state == State.SUBMITTED


def test_images_go_to_active_members_and_to_a_creator_who_began(project, membership, images):
    gone = MembershipFactory(project=project, removed_at=timezone.now())
    creator = project.memberships.get(role=Membership.Role.CREATOR)
    assert assign_images(project) == 3
    assert not gone.annotations.exists()
    assert not creator.annotations.exists()
    assign(creator)
    ImageFactory(project=project, position=3)
    assert assign_images(project) == 2
    assert creator.annotations.count() == 4


def test_assigning_takes_two_queries_however_many_images(django_assert_num_queries, membership, images):
    with django_assert_num_queries(2):
        assign(membership)


def test_next_is_what_was_returned_then_the_first_open(work, membership):
    assert next_open(membership) == work[0]
    Annotation.objects.filter(pk=work[0].pk).update(state=State.CANNOT_BE_LABELLED)
    assert next_open(membership) == work[1]
    Annotation.objects.filter(pk=work[2].pk).update(state=State.RETURNED)
    assert next_open(membership) == work[2]
    membership.annotations.update(state=State.ACCEPTED)
    assert next_open(membership) is None


def test_nothing_is_next_in_an_archived_project_or_for_a_removed_member(work, membership, project):
    project.archived_at = timezone.now()
    membership.project = project
    assert next_open(membership) is None
    project.archived_at, membership.removed_at = None, timezone.now()
    assert next_open(membership) is None


@pytest.mark.parametrize(
    ("states", "turns"),
    [
        (("waiting", "waiting", "waiting"), (True, False, False)),
        (("in_progress", "waiting", "waiting"), (True, False, False)),
        (("submitted", "waiting", "waiting"), (True, True, False)),
        (("cannot_be_labelled", "accepted", "waiting"), (True, True, True)),
        (("returned", "waiting", "waiting"), (True, True, False)),
        (("waiting", "in_progress", "returned"), (True, True, True)),
    ],
)
def test_whose_turn_it_is(work, states, turns):
    for annotation, state in zip(work, states, strict=True):
        annotation.state = state
        annotation.save()
    assert tuple(may_begin(annotation) for annotation in work) == turns


@pytest.mark.parametrize(("state", "to"), product(ALLOWED, ALLOWED))
def test_the_table_of_states_is_walked_completely(db, state, to):
    annotation = AnnotationFactory(state=state, image__project=ProjectFactory())
    allowed = to in ALLOWED[state]
    assert may_move(state, to) is allowed
    if allowed:
        move(annotation, State(to))
    else:
        with pytest.raises(Refused, match="cannot become"):
            move(annotation, State(to))
    annotation.refresh_from_db()
    assert annotation.state == (to if allowed else state)


def test_the_table_names_every_state():
    assert set(ALLOWED) == set(State.values)


@pytest.mark.parametrize(
    ("state", "checkpoint"), [("waiting", "in_progress"), ("in_progress", "in_progress"), ("returned", "returned")]
)
def test_saving_moves_on_and_submitting_closes(state, checkpoint):
    assert state_after_save(state, submits=False) == checkpoint
    assert state_after_save(state, submits=True) == "submitted"


def test_a_move_from_a_state_that_changed_meanwhile_is_refused(annotation):
    Annotation.objects.filter(pk=annotation.pk).update(state=State.SUBMITTED)
    with pytest.raises(Refused, match="changed a moment ago"):
        move(annotation, State.IN_PROGRESS)
    annotation.refresh_from_db()
    assert annotation.state == State.SUBMITTED


@pytest.mark.django_db(transaction=True)
def test_assigning_at_once_makes_each_row_once():
    project = ProjectFactory()
    for position in range(5):
        ImageFactory(project=project, position=position)
    membership = MembershipFactory(project=project)
    errors = []

    def work():
        try:
            assignment.assign(Membership.objects.get(pk=membership.pk))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert membership.annotations.count() == 5
