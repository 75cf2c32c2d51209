"""Who can see what: the report of IRB staff, its CSV, and the marks of periodic review."""

import csv
import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Grant
from accounts.tests.factories import ProtocolFactory, UserFactory
from projects.models import Membership
from projects.tests.factories import MembershipFactory, ProjectFactory

pytestmark = pytest.mark.django_db
REPORT = "/admin/accounts/access/"
CSV = f"{REPORT}csv/"


@pytest.fixture
def staff(client, irb_staff):
    client.force_login(irb_staff)
    return client


@pytest.fixture
def membership(project, annotator, irb_staff):
    """Anna in a project under a protocol that she is approved for."""
    project.protocol = ProtocolFactory(
        number="2026-0117", expires_on=timezone.localdate() + datetime.timedelta(days=20)
    )
    project.save()
    grant = annotator.grants.get()
    grant.protocols.add(project.protocol)
    Grant.objects.filter(pk=grant.pk).update(granted_by=irb_staff)
    return MembershipFactory(project=project, user=annotator)


def rows(client, query="") -> list[dict]:
    content = client.post(CSV + query).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def of(rows, username):
    return next(row for row in rows if row["username"] == username)


def test_a_row_says_who_sees_what_since_when_by_whose_word_and_until_when(staff, membership):
    today = timezone.localdate()
    assert of(rows(staff), "anna") == {
        "person": "Anna Annotator",
        "username": "anna",
        "e-mail": "anna@example.org",
        "project": "Colon glands",
        "protocol": "2026-0117",
        "role": "annotator",
        "since": f"{today}",
        "added by": "Carla Creator",
        "approved by": "Irene Board",
        "approved on": f"{today}",
        "until": f"{today + datetime.timedelta(days=20)}",
        "at present": "open",
        "reviewed on": "",
        "reviewed by": "",
    }
    html = staff.get(REPORT).content.decode()
    for words in ("Anna Annotator", "Colon glands", "2026-0117", "Irene Board", "added by Carla Creator", "never"):
        assert words in html


@pytest.mark.parametrize(
    ("change", "present"),
    [
        (lambda m: m.user.grants.get().protocols.clear(), "closed: not approved for the protocol"),
        (lambda m: m.user.grants.update(until=timezone.now()), "closed: no grant holds"),
        (lambda m: type(m.project.protocol).objects.update(status="suspended"), "read-only"),
        (lambda m: m.user.grants.update(certificate_date="2001-01-01"), "read-only"),
    ],
)
def test_what_has_ended_is_said(staff, membership, change, present):
    change(membership)
    assert of(rows(staff), "anna")["at present"] == present
    assert present in staff.get(REPORT).content.decode()


@pytest.mark.parametrize("what", ["certificate", "grant", "protocol"])
def test_until_is_the_first_of_the_ends(staff, membership, settings, what):
    settings.CERTIFICATE_DAYS = 100
    today = timezone.localdate()
    ends = {"certificate": 50, "grant": 60, "protocol": 70} | {what: 10}
    days = {name: datetime.timedelta(days=number) for name, number in ends.items()}
    certificate_date = today - datetime.timedelta(days=100) + days["certificate"]
    membership.user.grants.update(until=timezone.now() + days["grant"], certificate_date=certificate_date)
    type(membership.project.protocol).objects.update(expires_on=today + days["protocol"])
    assert of(rows(staff), "anna")["until"] == f"{today + days[what]}"


def test_administrators_are_in_it_and_former_members_are_not(staff, membership, administrator):
    assert of(rows(staff), "root")["project"] == "every project"
    assert "Ada Ministrator (root)" in staff.get(REPORT).content.decode()
    Membership.objects.filter(pk=membership.pk).update(removed_at=timezone.now())
    assert "anna" not in {row["username"] for row in rows(staff)}


def test_attack_61_the_file_holds_no_formula_follows_the_filter_and_is_recorded(staff, membership, project, irb_staff):
    project.name = "=HYPERLINK(1)"
    project.save()
    ProjectFactory(name="Other")
    found = rows(staff, "?q=anna")
    assert [row["project"] for row in found if row["role"] != "administrator"] == ["'=HYPERLINK(1)"]
    event = AuditEvent.objects.get(action="report downloaded")
    assert (event.actor, event.new) == (irb_staff, "1 rows")


@pytest.mark.parametrize("who", ["creator", "annotator"])
def test_nobody_else_gets_the_file(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.post(CSV).status_code in (302, 403)
    assert client.get(REPORT).status_code in (302, 403)


def test_what_was_not_reviewed_for_longest_comes_first(staff, irb_staff, project, settings):
    settings.REVIEW_DAYS = 30
    now, months = timezone.now(), datetime.timedelta(days=31)
    reviewed = {"fresh": now, "old": now - 2 * months, "older": now - 3 * months, "never": None}
    for name, at in reviewed.items():
        person = UserFactory(username=name, grant__since=now - 4 * months)
        person.grants.update(reviewed_at=at, reviewed_by=at and irb_staff)
        MembershipFactory(project=project, user=person)
    listed = [row.user.username for row in staff.get(REPORT).context["cl"].result_list]
    assert [name for name in listed if name in reviewed] == ["never", "older", "old", "fresh"]
    due = [row.user.username for row in staff.get(REPORT + "?review=due").context["cl"].result_list]
    assert due == ["never", "older", "old"]


def test_reviewing_marks_the_grant_with_who_and_when(staff, irb_staff, membership):
    data = {"action": "mark_reviewed", "_selected_action": [membership.pk], "select_across": "0", "index": "0"}
    page = staff.post(REPORT, data, follow=True)
    assert "1 grant marked as reviewed." in page.content.decode()
    grant = membership.user.grants.get()
    assert (grant.reviewed_by, grant.reviewed_at.date()) == (irb_staff, timezone.now().date())
    assert AuditEvent.objects.get(action="grant reviewed").object_id == str(grant.pk)
    assert of(rows(staff), "anna")["reviewed by"] == "Irene Board"


def test_nobody_reviews_their_own(client, administrator, project):
    Grant.objects.create(user=administrator, granted_by=administrator)
    membership = MembershipFactory(project=project, user=administrator)
    client.force_login(administrator)
    data = {"action": "mark_reviewed", "_selected_action": [membership.pk]}
    assert "Nobody reviews their own." in client.post(REPORT, data, follow=True).content.decode()
    assert Grant.objects.get(user=administrator).reviewed_at is None


def test_the_number_of_queries_does_not_grow_with_the_report(staff, membership, project):
    def count():
        with CaptureQueriesContext(connection) as queries:
            staff.get(REPORT)
        return len(queries)

    before = count()
    for _ in range(10):
        MembershipFactory(project=project)
    assert count() == before


def test_the_grants_list_starts_with_what_holds_and_marks_reviews(staff, annotator, creator):
    creator.grants.update(until=timezone.now())
    url = reverse("admin:accounts_grant_changelist")
    listed = staff.get(url).context["cl"].result_list
    assert [grant.user for grant in listed] == [annotator]
    assert len(staff.get(url + "?current=all").context["cl"].result_list) == 2
    data = {"action": "mark_reviewed", "_selected_action": [annotator.grants.get().pk]}
    assert "1 marked as reviewed" in staff.post(url, data, follow=True).content.decode()
