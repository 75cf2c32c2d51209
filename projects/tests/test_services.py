"""Projects are made and changed whole; members come, go and come back to their work."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import GrantFactory, UserFactory
from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from projects import services
from projects.models import Category, Membership, Project
from projects.tests.factories import ImageFactory, MembershipFactory

TEXTS = {"name": "Colon glands", "description": "", "instructions": ""}


def rows_of(project, **changes):
    """The categories as the edit page sends them; `changes` maps a name to what differs."""
    return [
        {"value": c.value, "name": c.name, "color": c.color, "retired": bool(c.retired_at)} | changes.get(c.name, {})
        for c in project.categories.all()
    ]


def save(project, actor, *, categories=None, images=(), opened_with=None, rules=None, **texts):
    services.save_project(
        project=project,
        actor=actor,
        opened_with=opened_with or services.fingerprint(project),
        texts=TEXTS | texts,
        rules=rules or {},
        categories=rows_of(project) if categories is None else categories,
        images=list(images),
    )
    project.refresh_from_db()


def test_new_project_has_its_creator_as_member_and_categories_in_order(creator):
    categories = [{"name": "Tumour", "color": "#009E73"}, {"name": "Stroma", "color": "#56B4E9"}]
    project = services.create_project(
        creator=creator, name="Lung", description="d", instructions="i", categories=categories
    )
    assert project.memberships.get().role == Membership.Role.CREATOR
    assert list(project.categories.values_list("value", "name")) == [(1, "Tumour"), (2, "Stroma")]
    assert AuditEvent.objects.get(action="project created").actor == creator


def test_instructions_get_a_new_version_only_when_they_change(project, creator):
    save(project, creator, description="new")
    assert project.instructions_version == 1
    save(project, creator, description="new", instructions="Outline the glands.")
    assert project.instructions_version == 2
    save(project, creator, description="new", instructions="Outline the glands.")
    assert project.instructions_version == 2


def test_categories_may_swap_names_and_places_and_keep_their_values(project, creator):
    rows = rows_of(project, Tumour={"name": "Stroma"}, Stroma={"name": "Tumour", "color": "#000000"})
    save(project, creator, categories=rows[::-1])
    values = project.categories.order_by("position").values_list("value", "name", "color")
    assert list(values) == [(3, "Lumen", "#F0E442"), (2, "Tumour", "#000000"), (1, "Stroma", "#009E73")]


def test_new_category_takes_the_value_after_the_highest(project, creator):
    new = {"value": None, "name": "Necrosis", "color": "#D55E00", "retired": False}
    save(project, creator, categories=[new, *rows_of(project, Lumen={"retired": True})])
    assert project.categories.get(name="Necrosis").value == 4
    assert project.categories.get(name="Lumen").retired_at
    save(project, creator, categories=rows_of(project, Lumen={"retired": False}))
    assert project.categories.get(name="Lumen").retired_at is None


def test_value_beyond_254_is_refused_and_nothing_is_saved(project, creator):
    Category.objects.filter(project=project, name="Lumen").update(value=254)
    new = {"value": None, "name": "Necrosis", "color": "#D55E00", "retired": False}
    with pytest.raises(services.Refused, match="at most 254"):
        save(project, creator, categories=[*rows_of(project), new], description="changed too")
    project.refresh_from_db()
    assert project.description == ""


def test_category_left_out_is_refused(project, creator):
    with pytest.raises(services.Stale):
        save(project, creator, categories=rows_of(project)[:2])
    assert project.categories.count() == 3


def test_change_made_elsewhere_is_not_undone_unseen(project, creator):
    opened_with = services.fingerprint(project)
    save(project, creator, description="by somebody else")
    with pytest.raises(services.Stale):
        save(project, creator, description="mine", opened_with=opened_with)
    project.refresh_from_db()
    assert project.description == "by somebody else"


def test_facts_of_an_image_are_fixed_by_its_first_label(project, creator):
    free, begun = ImageFactory(project=project), ImageFactory(project=project)
    annotation = AnnotationFactory(image=begun)
    facts = {"case": "P1", "um_per_px": 0.25}
    save(project, creator, images=[{"id": free.pk, **facts}, {"id": begun.pk, **facts}])
    Annotation.objects.filter(pk=annotation.pk).update(head=1)
    save(project, creator, images=[{"id": begun.pk, **facts}])  # nothing changes, so nothing is refused
    changed = {"case": "P2", "um_per_px": 0.25}
    with pytest.raises(services.Refused, match="has begun") as refusal:
        save(project, creator, images=[{"id": free.pk, **changed}, {"id": begun.pk, **changed}])
    assert refusal.value.field == "images.1"
    assert set(project.images.values_list("case", "um_per_px")) == {("P1", 0.25)}


def test_attack_19_images_of_other_projects_are_out_of_reach(project, creator):
    foreign = ImageFactory()
    with pytest.raises(services.Refused):
        save(project, creator, images=[{"id": foreign.pk, "case": "P1", "um_per_px": None}])
    foreign.refresh_from_db()
    assert foreign.case == ""


def test_archived_project_cannot_be_changed(project, creator, annotator):
    assert services.archive_project(project=project, actor=creator)
    assert not services.archive_project(project=project, actor=creator)
    assert AuditEvent.objects.filter(action="project archived").count() == 1
    with pytest.raises(services.Refused, match="archived"):
        save(project, creator, description="new")
    with pytest.raises(services.Refused, match="archived"):
        services.add_member(project=project, person=annotator, actor=creator)


def test_person_is_found_by_username_or_address_in_any_case(annotator):
    assert services.find_person(" Anna ") == services.find_person("ANNA@example.org") == annotator


def test_username_that_looks_like_an_address_does_not_stand_in_for_its_owner(annotator):
    UserFactory(username="anna@example.org", email="mallory@example.org", grant=True)
    assert services.find_person("anna@example.org") == annotator


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Write the username"), ("nobody", "Nobody here"), ("petra", "not approved"), ("irene", "IRB staff")],
)
def test_each_person_who_cannot_be_added_has_an_answer_of_their_own(pending, irb_staff, name, sentence):
    with pytest.raises(services.Refused, match=sentence):
        services.find_person(name)


def test_person_whose_grant_ended_is_not_approved(db):
    person = UserFactory()
    GrantFactory(user=person, until=timezone.now())
    with pytest.raises(services.Refused, match="not approved"):
        services.find_person(person.username)


def test_member_gets_work_on_every_placed_image(project, creator, annotator):
    ImageFactory(project=project, position=0)
    ImageFactory(project=project, position=5, status="uploaded")
    membership = services.add_member(project=project, person=annotator, actor=creator)
    assert membership.annotations.count() == 1
    with pytest.raises(services.Refused, match="already"):
        services.add_member(project=project, person=annotator, actor=creator)


def test_member_who_comes_back_finds_their_work(project, creator, annotator):
    ImageFactory(project=project, position=0)
    membership = services.add_member(project=project, person=annotator, actor=creator)
    membership.annotations.update(state=Annotation.State.SUBMITTED, head=3)
    assert services.remove_member(membership=membership, actor=creator)
    assert not services.remove_member(membership=membership, actor=creator)
    ImageFactory(project=project, position=1)
    again = services.add_member(project=project, person=annotator, actor=creator)
    assert again.pk == membership.pk
    assert list(again.annotations.order_by("position").values_list("state", "head")) == [
        ("submitted", 3),
        ("waiting", 0),
    ]
    actions = AuditEvent.objects.filter(action__startswith="member").values_list("action", flat=True)
    assert list(actions) == ["member added", "member removed", "member added again"]


def test_reviewer_who_comes_back_is_an_annotator(project, creator, annotator):
    membership = MembershipFactory(
        project=project, user=annotator, role=Membership.Role.REVIEWER, removed_at=timezone.now()
    )
    services.add_member(project=project, person=annotator, actor=creator)
    membership.refresh_from_db()
    assert (membership.role, membership.removed_at) == (Membership.Role.ANNOTATOR, None)


def test_creator_cannot_be_removed(project, creator):
    with pytest.raises(services.Refused):
        services.remove_member(membership=project.memberships.get(user=creator), actor=creator)
    assert Project.objects.get().memberships.active().count() == 1
