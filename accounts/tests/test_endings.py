"""What ends soon or has ended: on the dashboard of IRB staff, in their lists, and in reminders that come once."""

import datetime
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Grant, Protocol, Reminder
from accounts.services import approve_registrations, decline_registrations
from accounts.tests.factories import ProtocolFactory, RegistrationFactory
from projects.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def in_days(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def at_noon(days: int) -> datetime.datetime:
    return datetime.datetime.combine(in_days(days), datetime.time(12), datetime.UTC)


def remind() -> dict[str, str]:
    """Run the command; the bodies of what was sent, by recipient."""
    mail.outbox.clear()
    call_command("remind", stdout=StringIO())
    return {message.to[0]: message.body for message in mail.outbox}


@pytest.fixture
def work(project, annotator, irb_staff):
    """Anna labels in Carla's project, which is under a protocol."""
    project.protocol = ProtocolFactory(number="2026-0117", expires_on=in_days(400))
    project.save()
    return MembershipFactory(project=project, user=annotator)


IRENE, CARLA, ANNA = "irene@example.org", "carla@example.org", "anna@example.org"


@pytest.mark.parametrize("days", [30, 7, 1])
def test_irb_staff_and_creators_are_told_of_a_protocol_once(work, days):
    Protocol.objects.update(expires_on=in_days(days))
    told = remind()
    assert set(told) == {IRENE, CARLA}
    words = "in 1 day." if days == 1 else f"in {days} days."
    assert "- IRB protocol 2026-0117 (Glands of the colon) ends on" in told[CARLA]
    assert words in told[CARLA]
    assert "Ask IRB staff in time." in told[CARLA]
    assert "Ask IRB staff in time." not in told[IRENE]
    assert mail.outbox[0].subject == "IRB protocol 2026-0117 (Glands of the colon) ends soon"
    assert remind() == {}


@pytest.mark.parametrize("days", [31, 0, -1])
def test_nobody_is_told_too_early_or_afterwards(work, days):
    Protocol.objects.update(expires_on=in_days(days))
    assert remind() == {}


def test_a_missed_day_is_made_up_for_and_a_new_end_is_told_anew(work):
    Protocol.objects.update(expires_on=in_days(29))
    assert set(remind()) == {IRENE, CARLA}
    Protocol.objects.update(expires_on=in_days(28))  # another end, so another reminder
    assert set(remind()) == {IRENE, CARLA}
    Reminder.objects.exclude(ends_on=in_days(28)).delete()
    Reminder.objects.update(ends_on=in_days(6))
    Protocol.objects.update(expires_on=in_days(6))  # as if 22 days had passed
    assert set(remind()) == {IRENE, CARLA}
    assert remind() == {}


def test_a_certificate_and_a_grant_are_also_told_to_whom_they_belong(work, settings):
    settings.CERTIFICATE_DAYS = 100
    work.user.grants.update(certificate_date=in_days(-93), until=at_noon(20))
    told = remind()
    assert set(told) == {IRENE, CARLA, ANNA}
    for body in told.values():
        assert "- The training certificate of Anna Annotator ends on" in body
        assert "- The grant of Anna Annotator ends on" in body
    assert {message.subject for message in mail.outbox} == {"2 things end soon in Labeler"}


def test_a_renewed_certificate_a_suspended_protocol_and_an_archived_project_tell_nobody(work, project, settings):
    settings.CERTIFICATE_DAYS = 100
    work.user.grants.update(certificate_date=in_days(-93))
    Grant.objects.create(user=work.user, granted_by=work.user, certificate_date=in_days(-1))
    Protocol.objects.update(expires_on=in_days(7), status="suspended")
    assert remind() == {}
    Protocol.objects.update(status="active")
    project.archived_at = timezone.now()
    project.save()
    assert set(remind()) == {IRENE}


def test_what_could_not_be_sent_is_sent_by_the_next_run(work, settings):
    Protocol.objects.update(expires_on=in_days(7))
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "accounts.tests.test_signup.BrokenBackend"
    with pytest.raises(CommandError, match="2 e-mails could not be sent"):
        remind()
    assert not Reminder.objects.exists()
    settings.EMAIL_BACKEND = working
    assert set(remind()) == {IRENE, CARLA}


# --- The dashboard ---------------------------------------------------------------------------------------------------


@pytest.fixture
def first_page(client, irb_staff):
    client.force_login(irb_staff)
    return lambda: " ".join(client.get("/admin/").content.decode().split())


def test_the_first_page_has_what_ends_what_ended_and_what_was_decided(first_page, work, project, irb_staff, creator):
    Protocol.objects.update(expires_on=in_days(12))
    ProtocolFactory(number="OTHER", expires_on=in_days(31))
    creator.grants.update(until=at_noon(-2))
    approved, declined = RegistrationFactory(user__full_name="Nia New"), RegistrationFactory(user__full_name="Nic No")
    approve_registrations([approved], by=irb_staff)
    decline_registrations([declined], by=irb_staff, reason="No.")
    html = first_page()
    assert "IRB protocol 2026-0117 (Glands of the colon)</a>" in html
    assert "in 12 days" in html
    assert "OTHER" not in html
    assert "The grant of Carla Creator" in html
    assert html.index("Nic No") < html.index("Nia New")
    assert "by Irene Board" in html
    Protocol.objects.update(status="suspended", status_since=in_days(0))
    assert "its projects are read-only" in first_page()


def test_the_first_page_is_calm_when_there_is_nothing(first_page):
    html = first_page()
    assert "No request is waiting." in html
    assert html.count("Nothing") == 2
    assert "None yet" in html


def test_it_says_what_was_asked_and_what_is_due_for_review(first_page, annotator, irb_staff):
    annotator.grants.update(since=timezone.now() - datetime.timedelta(days=400))
    from accounts.services import ask_for_more

    ask_for_more([RegistrationFactory()], by=irb_staff, reason="Which?")
    html = first_page()
    assert "1 person was asked for more" in html
    assert "1 grant is due for review" in html


def test_creators_see_nothing_of_it(client, creator, work):
    client.force_login(creator)
    assert "irb-heading" not in client.get("/admin/").content.decode()


# --- Protocols -------------------------------------------------------------------------------------------------------

LIST = "/admin/accounts/protocol/"


def test_the_list_of_protocols_starts_with_those_that_are_not_closed_the_soonest_end_first(client, irb_staff):
    client.force_login(irb_staff)
    assert "No protocol is kept yet" in client.get(LIST).content.decode()
    for number, days, status in [("LATE", 90, "active"), ("SOON", 9, "active"), ("OVER", -9, "active")]:
        ProtocolFactory(number=number, expires_on=in_days(days), status=status)
    ProtocolFactory(number="HALT", expires_on=in_days(99), status="suspended")
    ProtocolFactory(number="DONE", expires_on=in_days(-99), status="closed")
    page = client.get(LIST)
    assert [one.number for one in page.context["cl"].result_list] == ["OVER", "SOON", "LATE", "HALT"]
    html = page.content.decode()
    for words in ("Not closed (4)", "All (5)", "ends in 9 days", "expired on", "was suspended on"):
        assert words in html
    for state, numbers in {"soon": ["SOON"], "over": ["OVER", "HALT"], "closed": ["DONE"]}.items():
        page = client.get(f"{LIST}?state={state}")
        assert [one.number for one in page.context["cl"].result_list] == numbers


def test_suspending_a_protocol_notes_since_when_and_is_recorded(client, irb_staff, work):
    client.force_login(irb_staff)
    protocol = work.project.protocol
    Protocol.objects.update(status_since="2020-01-01")
    url = reverse("admin:accounts_protocol_change", args=[protocol.pk])
    page = client.get(url)
    assert "Colon glands" in page.content.decode()
    data = {"number": protocol.number, "title": "T", "principal_investigator": "P", "status": "suspended", "notes": ""}
    assert client.post(url, data | {"expires_on": f"{in_days(400)}"}).status_code == 302
    protocol.refresh_from_db()
    assert (protocol.status, protocol.status_since) == ("suspended", in_days(0))
    event = AuditEvent.objects.get(action="protocol changed", field="status")
    assert (event.old, event.new, event.protocol) == ("active", "suspended", "2026-0117")
    wrong = client.post(url, data | {"approved_on": "2026-01-02", "expires_on": "2026-01-01"})
    assert "It would end before it began." in wrong.content.decode()


def test_a_new_protocol_is_added(client, irb_staff):
    client.force_login(irb_staff)
    assert "under_it" not in client.get(f"{LIST}add/").content.decode()
    data = {"number": "N-1", "title": "T", "principal_investigator": "P", "status": "active", "notes": ""}
    assert client.post(f"{LIST}add/", data).status_code == 302
    assert Protocol.objects.get().status_since == in_days(0)
