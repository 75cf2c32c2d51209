"""The home page: what each person finds there, and how many queries it takes."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from projects.models import Image, Membership
from projects.tests.factories import ImageFactory, MembershipFactory, ProjectFactory

State = Annotation.State


def page(client, person):
    client.force_login(person)
    response = client.get(reverse("home"))
    assert response.status_code == 200
    return response


def member_with_work(project, person, states):
    membership = MembershipFactory(project=project, user=person)
    for position, state in enumerate(states):
        image = Image.objects.filter(project=project, position=position).first()
        image = image or ImageFactory(project=project, position=position)
        AnnotationFactory(image=image, member=membership, state=state)
    return membership


def test_creator_sees_the_progress_of_each_member(client, project, creator, annotator, outsider):
    member_with_work(project, annotator, [State.SUBMITTED, State.CANNOT_BE_LABELLED, State.WAITING])
    member_with_work(project, outsider, [State.ACCEPTED, State.RETURNED, State.IN_PROGRESS])
    (row,) = page(client, creator).context["created"]
    progress = {m.membership.user.username: (m.membership.done, m.membership.total) for m in row.members}
    assert progress == {"carla": (0, 0), "anna": (2, 3), "otto": (1, 3)}
    assert (row.done, row.total, row.images, row.waiting) == (3, 6, 3, 0)


def test_work_of_a_removed_member_leaves_the_progress(client, project, creator, annotator):
    membership = member_with_work(project, annotator, [State.WAITING, State.CANNOT_BE_LABELLED])
    Membership.objects.filter(pk=membership.pk).update(removed_at=timezone.now())
    (row,) = page(client, creator).context["created"]
    assert (row.done, row.total, len(row.members)) == (0, 0, 1)


def test_creator_reads_why_an_image_cannot_be_labelled_and_may_return_it(client, project, creator, annotator):
    membership = member_with_work(project, annotator, [State.CANNOT_BE_LABELLED])
    annotation = membership.annotations.get()
    Annotation.objects.update(cannot_reason="out_of_focus", comment="Blurred at the left.")
    html = page(client, creator).content.decode()
    assert "out of focus" in html
    assert "Blurred at the left." in html
    assert reverse("annotation_return", args=[annotation.pk]) in html


def test_strip_holds_the_first_four_placed_images(client, project, creator):
    images = [ImageFactory(project=project, position=position) for position in range(6)]
    ImageFactory(project=project, position=0, name="waits.png", status=Image.Status.UPLOADED)
    response = page(client, creator)
    (row,) = response.context["created"]
    assert row.strip == images[:4]
    assert (row.images, row.waiting) == (6, 1)
    assert "1 image waits to be placed" in response.content.decode()


def test_annotator_is_led_to_the_next_image_returned_ones_first(client, project, creator, annotator):
    membership = member_with_work(project, annotator, [State.SUBMITTED, State.WAITING, State.RETURNED])
    response = page(client, annotator)
    (shown,) = response.context["shared"]
    assert shown.next_image == membership.annotations.get(state=State.RETURNED).image_id
    assert reverse("image_thumbnail", args=[shown.next_image]) in response.content.decode()
    assert "Continue labelling" in response.content.decode()
    assert response.context["tab"] == "shared"


def test_annotator_who_is_done_is_thanked(client, project, annotator):
    member_with_work(project, annotator, [State.SUBMITTED, State.CANNOT_BE_LABELLED])
    html = page(client, annotator).content.decode()
    assert "All done, thank you." in html
    assert reverse("label_next", args=[project.pk]) not in html


def test_archived_project_is_nowhere_but_in_its_creators_archive(client, project, creator, annotator):
    member_with_work(project, annotator, [State.WAITING])
    project.archived_at = timezone.now()
    project.save()
    assert page(client, annotator).context["shared"] == []
    response = page(client, creator)
    assert (response.context["created"], response.context["archived"]) == ([], [project])
    assert reverse("project_archive", args=[project.pk]) not in response.content.decode()


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        ("creator", "Start with a project"),
        ("outsider", "You label in projects of others"),
        ("outsider", "Nothing is shared with you yet"),
        ("irb_staff", "You decide who gets in"),
    ],
)
def test_empty_page_says_what_to_do_next(client, request, person, sentence):
    assert sentence in page(client, request.getfixturevalue(person)).content.decode()


def test_person_sees_nothing_of_projects_of_others(client, project, outsider):
    ImageFactory(project=project)
    assert project.name not in page(client, outsider).content.decode()


@pytest.mark.parametrize("number", [2, 20])
def test_page_needs_at_most_ten_queries(client, creator, django_assert_max_num_queries, number):
    people = [UserFactory(grant=True) for _ in range(3)]
    for _ in range(number):
        mine, shared = ProjectFactory(creator=creator), ProjectFactory()
        for person in people:
            member_with_work(mine, person, [State.CANNOT_BE_LABELLED, State.SUBMITTED, State.WAITING])
        member_with_work(shared, creator, [State.SUBMITTED, State.WAITING])
    client.force_login(creator)
    with django_assert_max_num_queries(10) as captured:
        response = client.get(reverse("home"))
    assert len(response.context["created"]) == len(response.context["shared"]) == number
    assert len(captured) == 8
