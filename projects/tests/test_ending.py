"""What happens to work whose protocol, approval, certificate or grant has ended: at once, and until it is renewed."""

import datetime
import json
from unittest import mock

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Grant, Protocol
from accounts.tests.factories import ProtocolFactory
from annotation.assignment import assign
from annotation.models import Revision
from annotation.tests.painting import upon, valid
from projects.tests.factories import ImageFactory, MembershipFactory

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2030, 11, 25, 12, tzinfo=datetime.UTC)
TODAY, YESTERDAY, TOMORROW = (NOW.date() + datetime.timedelta(days=days) for days in (0, -1, 1))
KEPT = "Nothing is deleted; once IRB staff have renewed it, you can go on."


@pytest.fixture(autouse=True)
def clock():
    with mock.patch("django.utils.timezone.now", return_value=NOW) as now:
        yield now


@pytest.fixture
def protocol(project, creator, annotator):
    """The project's, for which both are approved."""
    protocol = ProtocolFactory(number="2026-0117")
    project.protocol = protocol
    project.save()
    for person in (creator, annotator):
        person.grants.get().protocols.add(protocol)
    return protocol


@pytest.fixture
def work(protocol, project, annotator):
    ImageFactory(project=project)
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def save(client, work):
    """Save as the member does, by an editor that was opened before."""
    client.force_login(work.member.user)

    def send():
        work.refresh_from_db()
        client.force_login(work.member.user)
        headers = upon(work.head) | {"Accept": "application/json"}
        return client.post(reverse("revisions", args=[work.pk]), valid(), headers=headers)

    return send


def ends(protocol, **changes):
    Protocol.objects.filter(pk=protocol.pk).update(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"expires_on": TODAY}, "This project is read-only: IRB protocol 2026-0117 expired on 25 November 2030."),
        ({"expires_on": YESTERDAY}, "This project is read-only: IRB protocol 2026-0117 expired on 24 November 2030."),
        (
            {"status": "suspended", "status_since": YESTERDAY, "expires_on": TOMORROW},
            "This project is read-only: IRB protocol 2026-0117 was suspended on 24 November 2030.",
        ),
        (
            {"status": "closed", "status_since": YESTERDAY},
            "This project is read-only: IRB protocol 2026-0117 was closed on 24 November 2030.",
        ),
    ],
)
def test_the_next_save_after_the_end_of_a_protocol_is_refused_and_renewal_opens_it(
    save, client, work, protocol, changes, sentence
):
    assert save().status_code == 200
    ends(protocol, **changes)
    answer = save()
    assert (answer.status_code, answer.json()) == (403, {"error": f"{sentence} {KEPT}"})
    page = client.get(reverse("editor", args=[work.pk]))
    assert page.context["config"]["annotation"]["readOnly"]
    assert sentence in page.content.decode()
    assert sentence in client.get(reverse("home")).content.decode()
    assert client.get(reverse("labels_load", args=[work.pk, 0])).status_code == 200
    assert Revision.objects.count() == 1
    ends(protocol, expires_on=TOMORROW, status="active")
    assert save().status_code == 200


def test_attack_06_a_protocol_ends_at_midnight(save, protocol, clock):
    ends(protocol, expires_on=TOMORROW)
    clock.return_value = datetime.datetime(2030, 11, 25, 23, 59, 59, tzinfo=datetime.UTC)
    assert save().status_code == 200
    clock.return_value = datetime.datetime(2030, 11, 26, tzinfo=datetime.UTC)
    assert save().status_code == 403


@pytest.mark.parametrize("days", [30, 365])
def test_attack_06_a_certificate_holds_for_so_many_days(save, work, settings, days):
    settings.CERTIFICATE_DAYS = days
    grants = Grant.objects.filter(user=work.member.user)
    grants.update(certificate_date=TOMORROW - datetime.timedelta(days=days))
    assert save().status_code == 200
    grants.update(certificate_date=TODAY - datetime.timedelta(days=days))
    answer = save()
    sentence = f"Your work is read-only: your training certificate expired on 25 November 2030. {KEPT}"
    assert (answer.status_code, answer.json()) == (403, {"error": sentence})
    Grant.objects.create(user=work.member.user, granted_by=work.member.user, certificate_date=TODAY)
    assert save().status_code == 200


def test_a_certificate_never_ends_where_days_are_0(save, work, settings):
    settings.CERTIFICATE_DAYS = 0
    Grant.objects.update(certificate_date=datetime.date(1999, 1, 1))
    assert save().status_code == 200


def test_who_is_not_approved_for_the_protocol_opens_nothing(client, save, work, protocol, project):
    work.member.user.grants.get().protocols.clear()
    sentence = "You are not approved for IRB protocol 2026-0117, which this project belongs to. Ask IRB staff."
    assert save().json() == {"error": sentence}
    for name, args in (("editor", [work.pk]), ("label_next", [project.pk]), ("image_pixels", [work.image_id])):
        answer = client.get(reverse(name, args=args))
        assert answer.status_code == 403
        assert sentence in answer.content.decode()
    home = client.get(reverse("home"))
    assert sentence in home.content.decode()
    assert "thumbnail" not in home.content.decode()


def test_an_ended_approval_says_since_when_while_another_grant_goes_on(save, work, protocol):
    person = work.member.user
    person.grants.update(until=NOW - datetime.timedelta(hours=13))
    Grant.objects.create(user=person, granted_by=person, since=NOW - datetime.timedelta(days=9))
    sentence = f"Your approval for IRB protocol 2026-0117 ended on 24 November 2030. {KEPT}"
    assert save().json() == {"error": sentence}


def test_when_the_last_grant_has_ended_the_gate_says_so(client, save, work):
    work.member.user.grants.update(until=NOW - datetime.timedelta(hours=13))
    answer = save()
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("Your access to Labeler ended on 24 November 2030.")
    page = client.get(reverse("editor", args=[work.pk]), headers={"Accept": "text/html"}, follow=True)
    assert "24 November 2030" in page.content.decode()


def test_images_are_not_added_under_an_ended_protocol_but_members_are_removed(client, creator, project, protocol, work):
    ends(protocol, expires_on=TODAY)
    client.force_login(creator)
    upload = client.post(reverse("image_upload", args=[project.pk]), {"position": 1})
    assert (upload.status_code, "expired on" in upload.json()["error"]) == (403, True)
    assert client.post(reverse("images_place", args=[project.pk])).status_code == 403
    home = client.get(reverse("home")).content.decode()
    assert "Read-only" in home
    assert reverse("label_next", args=[project.pk]) not in home
    assert "expired on" in client.get(reverse("project_edit", args=[project.pk])).content.decode()
    assert client.post(reverse("member_remove", args=[project.pk, work.member_id])).status_code == 302
    work.member.refresh_from_db()
    assert work.member.removed_at


def test_nobody_becomes_a_member_who_is_not_approved_for_the_protocol(client, creator, project, protocol, outsider):
    client.force_login(creator)
    add = reverse("member_add", args=[project.pk])
    answer = client.post(add, {"person": "otto"})
    assert answer.json() == {"error": "otto is not approved for IRB protocol 2026-0117. Ask IRB staff, then add them."}
    outsider.grants.get().protocols.add(protocol)
    assert client.post(add, {"person": "otto"}).status_code == 201


def test_a_creator_who_lost_the_approval_finds_nothing_in_the_admin_either(client, creator, project, protocol):
    client.force_login(creator)
    assert project.name in client.get(reverse("admin:projects_project_changelist")).content.decode()
    creator.grants.get().protocols.clear()
    assert project.name not in client.get(reverse("admin:projects_project_changelist")).content.decode()
    download = {"action": "download_masks", "_selected_action": [project.pk], "select_across": "1"}
    answer = client.post(reverse("admin:projects_project_changelist"), download)
    assert answer["Content-Type"].startswith("text/html")


def test_an_administrator_needs_no_approval_but_labels_under_no_ended_protocol(client, administrator, project, work):
    client.force_login(administrator)
    assert client.get(reverse("editor", args=[work.pk])).status_code == 200
    membership = MembershipFactory(project=project, user=administrator)
    assert client.get(reverse("label_next", args=[project.pk])).status_code == 302
    ends(project.protocol, expires_on=TODAY)
    assert client.get(reverse("label_next", args=[project.pk])).status_code == 403
    assert membership.removed_at is None


def test_where_a_protocol_is_required_work_stops_until_one_is_named(client, save, settings, project, creator, protocol):
    project.protocol = None
    project.save()
    assert save().status_code == 200
    settings.REQUIRE_PROTOCOL = True
    assert "until its creator says which IRB protocol" in save().json()["error"]
    client.force_login(creator)
    page = client.get(reverse("project_edit", args=[project.pk]))
    body = sent(page.context["data"]["fingerprint"], project)
    missing = post(client, project, body)
    assert missing.json()["errors"] == {"protocol": "Choose the IRB protocol that this project belongs to."}
    assert post(client, project, body | {"protocol": str(protocol.pk)}).status_code == 200
    assert AuditEvent.objects.filter(action="project changed", field="protocol", new="2026-0117").count() == 1
    assert save().status_code == 200


def test_a_project_is_put_under_a_protocol_that_holds_and_that_its_creator_is_approved_for(
    client, creator, project, protocol
):
    client.force_login(creator)
    other = ProtocolFactory()
    over = ProtocolFactory(expires_on=TODAY)
    creator.grants.get().protocols.add(over)
    choices = client.get(reverse("project_new")).context["protocols"]
    assert list(choices) == [protocol]
    for wrong in (other, over):
        body = sent("", project) | {"name": "New", "protocol": wrong.pk}
        answer = client.post(reverse("project_new"), json.dumps(body), content_type="application/json")
        assert "protocol" in answer.json()["errors"]
    body = sent("", project) | {"name": "New", "protocol": protocol.pk}
    assert client.post(reverse("project_new"), json.dumps(body), content_type="application/json").status_code == 201
    assert protocol.projects.count() == 2


def test_a_form_that_does_not_speak_of_the_protocol_leaves_it(client, creator, project, protocol):
    client.force_login(creator)
    opened = client.get(reverse("project_edit", args=[project.pk])).context["data"]["fingerprint"]
    assert post(client, project, sent(opened, project)).status_code == 200
    project.refresh_from_db()
    assert project.protocol == protocol


def sent(fingerprint: str, project) -> dict:
    categories = [{"value": c.value, "name": c.name, "color": c.color} for c in project.categories.all()]
    if not fingerprint:
        categories = [{"name": c["name"], "color": c["color"]} for c in categories]
    return {"name": project.name, "categories": categories, "fingerprint": fingerprint}


def post(client, project, body):
    return client.post(reverse("project_edit", args=[project.pk]), json.dumps(body), content_type="application/json")


def test_what_ended_is_known_without_a_query_of_its_own(
    client, work, django_assert_num_queries, annotator, project, protocol
):
    from accounts.models import User
    from projects.permissions import Capability, get_annotation

    person = User.objects.get(pk=annotator.pk)
    with django_assert_num_queries(3):  # the annotation with its protocol, the rights, the role
        get_annotation(person, work.pk, Capability.LABEL)
