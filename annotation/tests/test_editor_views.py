"""The labeller's way from image to image, the editor's page, setting images aside and returning them."""

import json
import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from annotation.models import Annotation
from annotation.tests.painting import save_form, send
from projects.models import Image
from projects.tests.factories import ImageFactory


def label_next(client, project):
    return client.get(reverse("label_next", args=[project.pk]))


def editor(client, annotation):
    return client.get(reverse("editor", args=[annotation.pk]))


def config(response) -> dict:
    script = re.search(r'<script id="editor-config" type="application/json">(.*?)</script>', response.content.decode())
    return json.loads(script[1])


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def test_next_leads_through_all_images_and_home_with_thanks(painter, work, project):
    for annotation in work:
        response = label_next(painter, project)
        assert response.url == reverse("editor", args=[annotation.pk])
        told = send(painter, annotation, save_form({}, "ground_truth")).json()
        assert told["next"] == reverse("label_next", args=[project.pk])
    response = label_next(painter, project)
    assert response.url == reverse("home")
    ((level, sentence),) = said(response)
    assert level == "success"
    assert "Thank you" in sentence


def test_returned_work_comes_first(painter, work, project):
    Annotation.objects.filter(pk=work[2].pk).update(state="returned")
    assert label_next(painter, project).url == reverse("editor", args=[work[2].pk])


def test_the_creator_gets_images_on_first_use_and_later_ones_too(client, creator, project, images):
    client.force_login(creator)
    response = label_next(client, project)
    own = Annotation.objects.filter(member__user=creator)
    assert own.count() == 3
    assert response.url == reverse("editor", args=[own.in_order().first().pk])
    ImageFactory(project=project, position=3)
    label_next(client, project)
    assert own.count() == 4


def test_a_project_without_images_says_so(painter, membership, project):
    response = label_next(painter, project)
    assert response.url == reverse("home")
    assert "no images" in said(response)[0][1]


def test_an_archived_project_has_nothing_to_label(client, creator, project, images):
    project.archived_at = timezone.now()
    project.save()
    client.force_login(creator)
    response = label_next(client, project)
    assert response.url == reverse("home")
    assert "archived" in said(response)[0][1]
    assert not Annotation.objects.exists()


def test_the_editor_is_told_all_it_needs(painter, work, project):
    project.instructions = "Follow </script><b>glands</b>."
    project.save()
    Annotation.objects.filter(pk=work[0].pk).update(state="submitted")
    Image.objects.filter(pk=work[2].image_id).update(um_per_px=0.25)
    told = config(editor(painter, work[1]))
    of_work = {
        "id": work[1].pk,
        "head": 0,
        "state": "waiting",
        "comment": "",
        "readOnly": False,
        "ended": "",
        "intended": [],
    }
    assert told["annotation"] == of_work
    assert told["rules"] == {"labelled": False, "below": None, "unit": "px"}
    assert told["urls"]["intended"] == reverse("annotation_intended", args=[work[1].pk])
    assert {key: told["image"][key] for key in ("name", "width", "height")} == {
        "name": "field-1.png",
        "width": 700,
        "height": 600,
    }
    assert told["image"]["source"]["type"] == "image"
    assert told["categories"][0] == {"value": 1, "name": "Tumour", "color": "#009E73", "retired": False}
    assert told["instructions"] == "Follow </script><b>glands</b>."
    assert told["progress"] == {"done": 1, "total": 3, "index": 2}
    assert told["urls"]["superpixels"] == f"/images/{work[1].image_id}/superpixels/{{algorithm}}.png"
    assert told["urls"]["save"] == reverse("revisions", args=[work[1].pk])
    assert told["urls"]["superpixelTree"] == f"/images/{work[1].image_id}/superpixels/{{algorithm}}.tree"
    assert told["urls"]["superpixelCompare"] == f"/images/{work[1].image_id}/superpixels/{{algorithm}}/compare/"
    assert told["urls"]["fit"] == reverse("annotation_fit", args=[work[1].pk])
    assert told["urls"]["superpixelDefault"] is None
    person = work[1].member.user
    assert told["person"] == {"id": person.pk, "username": "anna"}
    assert told["urls"]["signIn"] == f"/accounts/login/?next=%2Faccounts%2Fsigned-in%2F{person.pk}%2F"
    assert told["urls"]["thumbnail"] == reverse("image_thumbnail", args=[work[1].image_id])
    assert told["nextImage"] == {
        "superpixels": f"/images/{work[2].image_id}/superpixels/{{algorithm}}.png",
        "superpixelTree": f"/images/{work[2].image_id}/superpixels/{{algorithm}}.tree",
        "width": 700,
        "height": 600,
        "umPerPx": 0.25,
    }


def test_the_next_image_is_what_comes_once_this_one_is_done(painter, work):
    first = f"/images/{work[0].image_id}/superpixels/{{algorithm}}.png"
    Annotation.objects.filter(pk__in=[work[0].pk, work[2].pk]).update(state="returned")
    assert config(editor(painter, work[2]))["nextImage"]["superpixels"] == first
    Annotation.objects.filter(pk__in=[work[0].pk, work[1].pk]).update(state="submitted")
    assert config(editor(painter, work[2]))["nextImage"] is None


def test_who_only_looks_has_no_next_image(client, creator, work):
    client.force_login(creator)
    assert config(editor(client, work[0]))["nextImage"] is None


def test_who_manages_the_project_can_choose_its_superpixels_in_the_editor(client, creator, work, project):
    client.force_login(creator)
    told = config(editor(client, work[0]))
    assert told["urls"]["superpixelDefault"] == reverse("superpixel_default", args=[project.pk])
    project.archived_at = timezone.now()
    project.save()
    assert config(editor(client, work[0]))["urls"]["superpixelDefault"] is None


def test_opening_changes_nothing(painter, annotation):
    assert editor(painter, annotation).status_code == 200
    annotation.refresh_from_db()
    assert (annotation.state, annotation.head) == ("waiting", 0)


def test_an_image_whose_tiles_are_being_made_opens(painter, annotation):
    Image.objects.update(status=Image.Status.PREPARING)
    assert editor(painter, annotation).status_code == 200


def test_it_is_not_yet_the_turn_of_a_later_image(painter, work, project):
    assert editor(painter, work[1]).url == reverse("label_next", args=[project.pk])


@pytest.mark.parametrize(
    ("state", "read_only"),
    [
        ("waiting", False),
        ("in_progress", False),
        ("returned", False),
        ("submitted", True),
        ("accepted", True),
        ("cannot_be_labelled", True),
    ],
)
def test_own_work_is_editable_while_it_is_open(painter, annotation, state, read_only):
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    assert config(editor(painter, annotation))["annotation"]["readOnly"] is read_only


def test_own_work_in_an_archived_project_is_read_only(painter, annotation, project):
    project.archived_at = timezone.now()
    project.save()
    assert config(editor(painter, annotation))["annotation"]["readOnly"] is True


def test_others_work_is_read_only_whatever_its_state_and_turn(client, creator, work):
    client.force_login(creator)
    for annotation in work:
        assert config(editor(client, annotation))["annotation"]["readOnly"] is True


def test_the_editor_takes_as_many_queries_for_many_images(painter, annotation, project, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        editor(painter, annotation)


def cannot_label(client, annotation, **form):
    return client.post(reverse("cannot_label", args=[annotation.pk]), form)


def test_an_image_is_set_aside_and_counts_as_done(painter, work, project):
    response = cannot_label(painter, work[0], reason="out_of_focus", comment="All of it")
    assert response.json() == {"next": reverse("label_next", args=[project.pk])}
    work[0].refresh_from_db()
    assert (work[0].state, work[0].cannot_reason, work[0].comment) == (
        "cannot_be_labelled",
        "out_of_focus",
        "All of it",
    )
    assert label_next(painter, project).url == reverse("editor", args=[work[1].pk])
    event = AuditEvent.objects.get()
    assert (event.action, event.new, event.reason) == ("cannot be labelled", "out_of_focus", "All of it")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Choose why"),
        ({"reason": "boring"}, "one of the reasons"),
        ({"reason": "other"}, "Say in a few words"),
        ({"reason": "other", "comment": "  "}, "Say in a few words"),
        ({"reason": "artefact", "comment": "x" * 2001}, "at most 2000"),
        ({"reason": "artefact", "comment": "\0"}, "Null characters"),
    ],
)
def test_setting_aside_needs_a_reason(painter, annotation, form, sentence):
    response = cannot_label(painter, annotation, **form)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert Annotation.objects.get(pk=annotation.pk).state == "waiting"


@pytest.mark.parametrize("state", Annotation.DONE)
def test_what_is_closed_cannot_be_set_aside(painter, annotation, state):
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    response = cannot_label(painter, annotation, reason="artefact")
    assert response.status_code == 409
    assert "cannot be changed any more" in response.json()["error"]


def test_only_the_image_whose_turn_it_is_can_be_set_aside(painter, work):
    assert cannot_label(painter, work[2], reason="artefact").status_code == 409
    assert Annotation.objects.filter(state="waiting").count() == 3


def give_back(client, annotation, comment="Mind the border"):
    return client.post(reverse("annotation_return", args=[annotation.pk]), {"comment": comment})


@pytest.mark.parametrize("state", ["submitted", "accepted", "cannot_be_labelled"])
def test_closed_work_is_returned_with_a_comment(client, creator, annotation, state):
    Annotation.objects.filter(pk=annotation.pk).update(state=state, cannot_reason="artefact", comment="before")
    client.force_login(creator)
    response = give_back(client, annotation)
    assert response.url == reverse("home") + f"#project-{annotation.image.project_id}"
    assert said(response) == [("success", "field-0.png was returned to Anna Annotator.")]
    annotation.refresh_from_db()
    assert (annotation.state, annotation.cannot_reason, annotation.comment) == ("returned", "", "Mind the border")
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.old, event.reason) == (
        "annotation returned",
        creator,
        f"{state}, nothing saved",
        "Mind the border",
    )


@pytest.mark.parametrize("state", Annotation.OPEN)
def test_open_work_cannot_be_returned(client, creator, annotation, state):
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    client.force_login(creator)
    ((level, sentence),) = said(give_back(client, annotation))
    assert level == "error"
    assert "cannot become" in sentence
    assert Annotation.objects.get(pk=annotation.pk).state == state


def test_returning_needs_a_comment_and_a_project_that_is_not_archived(client, creator, annotation, project):
    Annotation.objects.filter(pk=annotation.pk).update(state="submitted")
    client.force_login(creator)
    assert "few words" in said(give_back(client, annotation, comment=""))[0][1]
    project.archived_at = timezone.now()
    project.save()
    assert "archived" in said(give_back(client, annotation))[-1][1]
    assert Annotation.objects.get(pk=annotation.pk).state == "submitted"


def test_returned_work_is_labelled_and_submitted_again(painter, annotation, creator, annotator, project):
    send(painter, annotation, save_form({}, "ground_truth"))
    painter.force_login(creator)
    give_back(painter, annotation)
    painter.force_login(annotator)
    assert label_next(painter, project).url == reverse("editor", args=[annotation.pk])
    assert config(editor(painter, annotation))["annotation"]["comment"] == "Mind the border"
    assert send(painter, annotation, save_form({}, "ground_truth")).json()["state"] == "submitted"


@pytest.mark.parametrize("state", ["waiting", "in_progress"])
def test_an_administrator_who_was_a_member_once_looks_at_that_work_read_only(client, annotation, state):
    member = annotation.member
    member.user.is_superuser = True
    member.user.save()
    member.removed_at = timezone.now()
    member.save()
    Annotation.objects.filter(pk=annotation.pk).update(state=state)
    client.force_login(member.user)
    response = client.get(reverse("editor", args=[annotation.pk]))
    assert response.status_code == 200
    assert response.context["config"]["annotation"]["readOnly"] is True
