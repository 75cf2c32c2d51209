"""What a creator reads of the audit trail of a project and of an image."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.audit import record
from accounts.origin import Origin, origin
from annotation.tests.factories import AnnotationFactory
from projects.tests.factories import ImageFactory, MembershipFactory, ProjectFactory


@pytest.fixture
def image(project):
    return ImageFactory(project=project, name="gland.png")


@pytest.fixture
def annotation(image, annotator):
    return AnnotationFactory(image=image, member=MembershipFactory(project=image.project, user=annotator))


@pytest.fixture
def reader(client, creator):
    client.force_login(creator)
    return client


def read(client, name, pk, query="") -> str:
    response = client.get(reverse(name, args=[pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_creator_reads_who_did_what_in_words(reader, project, image, annotation, annotator, creator):
    record("project changed", project, actor=creator, field="name", old="Glands", new="Colon glands")
    record("checkpoint saved", annotation, actor=annotator, field="revision", old="1", new=f"2 sha256:{'ab' * 32}")
    record("member added", annotation.member, actor=creator, new="anna", reason="She asked <b>")
    page = read(reader, "project_trail", project.pk)
    assert "Glands → Colon glands" in page
    assert "gland.png by anna" in page
    assert "1 → 2 sha256 ababababab…" in page
    assert "She asked &lt;b&gt;" in page
    assert page.index("Member added") < page.index("Checkpoint saved") < page.index("Project changed")


def test_attack_24_names_only_and_no_addresses(reader, project, creator):
    token = origin.set(Origin("0123456789abcdef", "192.0.2.77"))
    record("project changed", project, actor=creator)
    origin.reset(token)
    page = read(reader, "project_trail", project.pk)
    assert "carla" in page
    for secret in ("192.0.2.77", "0123456789abcdef"):
        assert secret not in page


def test_the_trail_of_an_image_is_about_it_and_its_labels_alone(reader, project, image, annotation, annotator, creator):
    other = ImageFactory(project=project, name="other.png")
    record("image uploaded", image, actor=creator)
    record("checkpoint saved", annotation, actor=annotator)
    record("image changed", other, actor=creator)
    record("annotation returned", AnnotationFactory(image=other, member=annotation.member), actor=creator)
    record("project changed", project, actor=creator)
    page = read(reader, "image_trail", image.pk)
    assert "Image uploaded" in page
    assert "Checkpoint saved" in page
    for absent in ("Image changed", "Annotation returned", "Project changed"):
        assert absent not in page


def test_nothing_of_another_project_is_in_it(reader, project, image, creator):
    record("member removed", MembershipFactory(project=ProjectFactory(creator=creator)), actor=creator)
    assert "Member removed" not in read(reader, "project_trail", project.pk)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("labels", "Checkpoint saved"), ("images", "Image uploaded"), ("views", "Image viewed"), ("project", "Archived")],
)
def test_kinds(reader, project, image, annotation, creator, kind, shown):
    every = {"checkpoint saved": annotation, "image uploaded": image, "image viewed": image, "archived": project}
    for action, obj in every.items():
        record(action, obj, actor=creator)
    page = read(reader, "project_trail", project.pk, f"?kind={kind}")
    assert [action for action in every if f"{action.capitalize()}" in page] == [shown.lower()]


def test_pages_lead_to_the_first_event(reader, project, creator):
    for number in range(120):
        record("seen", project, actor=creator, new=f"value-{number}-")
    first = reader.get(reverse("project_trail", args=[project.pk]))
    seen, response = [], first
    while True:
        lines = [line for _, lines in response.context["days"] for line in lines]
        seen += [line.new for line in lines]
        if response.context["older"] is None:
            break
        response = reader.get(reverse("project_trail", args=[project.pk]), {"before": response.context["older"]})
    assert seen == [f"value-{number}-" for number in reversed(range(120))]
    assert "Older" in first.content.decode()
    assert "Older" not in response.content.decode()


def test_more_events_cost_no_more_queries(reader, project, image, annotation, creator):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(reader, "project_trail", project.pk)
        return len(captured)

    for obj in (image, annotation, annotation.member, project.categories.first()):
        record("seen", obj, actor=creator)
    few = queries()
    assert few >= 4 + 4
    for number in range(5):
        for obj in (ImageFactory(project=project, name=f"{number}.png"), annotation, annotation.member):
            record("seen", obj, actor=creator)
    assert queries() == few


@pytest.mark.parametrize("query", ["?kind=x", "?before=x", "?before=0", "?before=-1", f"?before={'9' * 30}"])
def test_what_is_no_page_is_not_found(reader, project, query):
    assert reader.get(reverse("project_trail", args=[project.pk]) + query).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("annotator", 403), ("outsider", 404), ("irb_staff", 404), ("pending", 302), ("administrator", 200)],
)
def test_who_reads_the_trail_of_an_image(client, request, image, annotation, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("image_trail", args=[image.pk])).status_code == status


def test_an_empty_trail_says_so(reader, project):
    assert "No event was written yet" in read(reader, "project_trail", project.pk)
