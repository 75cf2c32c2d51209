"""The admin of creators: everybody finds their own projects there and, by no way of asking, those of others."""

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from annotation.models import Annotation
from annotation.tests.factories import AnnotationFactory
from projects import admin as projects_admin
from projects.models import Image, Project
from projects.tests.factories import ImageFactory, MembershipFactory, ProjectFactory

PROJECTS, IMAGES = reverse("admin:projects_project_changelist"), reverse("admin:projects_image_changelist")


@pytest.fixture
def foreign(db):
    project = ProjectFactory(name="Secret study")
    ImageFactory(project=project, name="secret.png")
    return project


@pytest.fixture
def exported(monkeypatch):
    """What the actions would export, instead of the export."""
    calls = []

    def note(request, projects, images=None, **choices):
        calls.append((set(projects), None if images is None else set(images), choices))

    monkeypatch.setattr(projects_admin, "export_response", note)
    return calls


def test_lists_show_ones_own_with_progress(client, creator, project, annotator, foreign):
    image = ImageFactory(project=project, name="mine.png")
    membership = MembershipFactory(project=project, user=annotator)
    AnnotationFactory(image=image, member=membership, state=Annotation.State.SUBMITTED)
    client.force_login(creator)
    listed = client.get(PROJECTS).content.decode()
    assert project.name in listed
    assert "1 / 1" in listed
    images = client.get(IMAGES).content.decode()
    assert "mine.png" in images
    assert "1 submitted" in images
    assert reverse("image_thumbnail", args=[image.pk]) in images
    assert "ecret" not in listed + images


def test_administrator_sees_all(client, administrator, project, foreign):
    client.force_login(administrator)
    html = client.get(PROJECTS).content.decode()
    assert project.name in html
    assert foreign.name in html


@pytest.mark.parametrize("kind", ["change", "history", "delete"])
@pytest.mark.parametrize("model", [Project, Image])
def test_attack_27_foreign_pages_do_not_open(client, creator, foreign, kind, model):
    client.force_login(creator)
    foreign_object = model.objects.get()
    name = f"admin:projects_{model._meta.model_name}_{kind}"
    response = client.get(reverse(name, args=[foreign_object.pk]), follow=True)
    assert "ecret" not in response.content.decode()
    posted = client.post(reverse(name, args=[foreign_object.pk]), {"name": "mine now", "post": "yes"})
    assert posted.status_code in (302, 403, 405)
    foreign_object.refresh_from_db()
    assert "ecret" in foreign_object.name


def test_own_pages_open_to_read_only(client, creator, project, annotator):
    MembershipFactory(project=project, user=annotator)
    image = ImageFactory(project=project)
    client.force_login(creator)
    html = client.get(reverse("admin:projects_project_change", args=[project.pk])).content.decode()
    assert "Tumour" in html
    assert "Anna Annotator" in html
    assert 'name="_save"' not in html
    assert image.name in client.get(reverse("admin:projects_image_change", args=[image.pk])).content.decode()
    posted = client.post(reverse("admin:projects_project_change", args=[project.pk]), {"name": "changed"})
    assert posted.status_code == 403
    assert client.get(reverse("admin:projects_project_add")).status_code == 403


@pytest.mark.parametrize("select_across", ["0", "1"])
@pytest.mark.parametrize(
    ("action", "choices"),
    [("download_masks", {}), ("download_all_masks", {"returned": True, "checkpoints": True})],
)
def test_attack_28_forged_selection_exports_nothing_foreign(
    client, creator, project, foreign, exported, select_across, action, choices
):
    image = ImageFactory(project=project)
    client.force_login(creator)
    for url, ids in [(PROJECTS, [project.pk, foreign.pk]), (IMAGES, [image.pk, foreign.images.get().pk])]:
        data = {"action": action, "select_across": select_across, ACTION_CHECKBOX_NAME: ids}
        assert client.post(url, data).status_code == 302
    assert exported == [({project}, None, choices), ({project}, {image}, choices)]


def test_attack_28_selection_of_only_foreign_things_exports_nothing(client, creator, project, foreign, exported):
    client.force_login(creator)
    data = {"action": "download_masks", ACTION_CHECKBOX_NAME: [foreign.pk]}
    client.post(PROJECTS, data)
    assert exported in ([], [(set(), None, {})])


@pytest.mark.parametrize(
    "query",
    [
        "creator__username__startswith=p",
        "project__creator__email__startswith=p",
        "memberships__user__password__startswith=a",
        "images__name__startswith=s",
        "project__name__startswith=S",
        "_to_field=name",
    ],
)
@pytest.mark.parametrize("url", [PROJECTS, IMAGES])
def test_questions_about_what_is_not_shown_are_refused(client, creator, project, foreign, url, query):
    client.force_login(creator)
    response = client.get(f"{url}?{query}")
    assert response.status_code in (302, 400)
    assert "ecret" not in response.content.decode()


def test_filter_by_a_foreign_project_finds_nothing(client, creator, project, foreign):
    ImageFactory(project=project)
    client.force_login(creator)
    response = client.get(f"{IMAGES}?project__id__exact={foreign.pk}")
    assert response.status_code == 200
    assert "ecret" not in response.content.decode()
    assert client.get(f"{IMAGES}?project__id__exact={project.pk}&status__exact=ready").status_code == 200
    assert client.get(f"{PROJECTS}?archived=no&q=colon&o=3.-4").status_code == 200


def test_index_names_nothing_foreign(client, creator, foreign):
    client.force_login(creator)
    assert "ecret" not in client.get(reverse("admin:index")).content.decode()


def test_autocomplete_and_choices_hold_ones_own(rf, creator, project, foreign):
    request = rf.get("/")
    request.user = creator
    image_admin = admin.site._registry[Image]
    choices = image_admin.formfield_for_foreignkey(Image._meta.get_field("project"), request)
    assert list(choices.queryset) == [project]
    people = image_admin.formfield_for_foreignkey(Image._meta.get_field("uploaded_by"), request)
    assert not people.queryset.exists()


@pytest.mark.parametrize("number", [2, 20])
@pytest.mark.parametrize("url", [PROJECTS, IMAGES])
def test_lists_need_at_most_ten_queries(client, creator, django_assert_max_num_queries, url, number):
    for _ in range(number):
        project = ProjectFactory(creator=creator)
        AnnotationFactory(image=ImageFactory(project=project))
    client.force_login(creator)
    with django_assert_max_num_queries(10):
        assert client.get(url).status_code == 200
