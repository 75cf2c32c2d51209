"""What the database itself refuses about annotations, revisions and tiles."""

import pytest
from django.db import IntegrityError
from django.db.models import ProtectedError

from annotation.models import Annotation, HeadTile, LabelTile, Revision
from annotation.tests.factories import AnnotationFactory

Kind = Annotation.Kind


@pytest.fixture
def revision(annotation):
    return make_revision(annotation)


def make_revision(annotation, number: int = 1, key: str = "key") -> Revision:
    return Revision.objects.create(
        annotation=annotation,
        number=number,
        author=annotation.member.user,
        kind=Revision.Kind.CHECKPOINT,
        parent=number - 1,
        instructions_version=1,
        idempotency_key=key,
    )


def make_tile(revision, column: int = 0) -> LabelTile:
    return LabelTile.objects.create(revision=revision, plane=0, column=column, row=0, blob="0" * 64)


def test_an_image_is_a_members_once_a_round(annotation):
    AnnotationFactory(image=annotation.image, member=annotation.member, round=2)
    with pytest.raises(IntegrityError):
        AnnotationFactory(image=annotation.image, member=annotation.member)


def test_an_image_has_one_annotation_of_each_kind_without_member(annotation):
    AnnotationFactory(image=annotation.image, member=None, kind=Kind.CONSENSUS)
    AnnotationFactory(image=annotation.image, member=None, kind=Kind.REFERENCE)
    with pytest.raises(IntegrityError):
        AnnotationFactory(image=annotation.image, member=None, kind=Kind.CONSENSUS)


@pytest.mark.parametrize("kind", Kind)
def test_a_member_belongs_to_the_kind_member_alone(annotation, kind):
    wrong = {"member": None} if kind == Kind.MEMBER else {"member": annotation.member, "round": 2}
    with pytest.raises(IntegrityError):
        AnnotationFactory(image=annotation.image, kind=kind, **wrong)


def test_a_revision_number_is_given_once(revision):
    with pytest.raises(IntegrityError):
        make_revision(revision.annotation, key="other")


def test_an_idempotency_key_makes_one_revision(revision):
    with pytest.raises(IntegrityError):
        make_revision(revision.annotation, number=2)


def test_a_revision_changes_a_place_once(revision):
    make_tile(revision)
    with pytest.raises(IntegrityError):
        make_tile(revision)


def test_a_place_has_one_head_tile(revision):
    first, second = make_tile(revision), make_tile(revision, column=1)
    place = {"annotation": revision.annotation, "plane": 0, "column": 0, "row": 0}
    HeadTile.objects.create(tile=first, **place)
    with pytest.raises(IntegrityError):
        HeadTile.objects.create(tile=second, **place)


def test_nothing_that_labels_rest_on_can_be_deleted(revision):
    make_tile(revision)
    annotation = revision.annotation
    for owner in (revision, annotation, annotation.image, annotation.member, annotation.member.user):
        with pytest.raises(ProtectedError):
            owner.delete()


def test_open_and_done_share_all_states():
    assert sorted([*Annotation.OPEN, *Annotation.DONE]) == sorted(Annotation.State)
