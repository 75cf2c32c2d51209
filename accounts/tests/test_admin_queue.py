import datetime

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Grant, Protocol, Registration
from accounts.services import decline_registrations
from accounts.tests.factories import RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
QUEUE = "/admin/accounts/registration/"
PENDING, DECLINED = Registration.Status.PENDING, Registration.Status.DECLINED


@pytest.fixture
def staff(client, irb_staff):
    client.force_login(irb_staff)
    return client


def asked(days_ago=0, **kwargs):
    return RegistrationFactory(created_at=timezone.now() - datetime.timedelta(days=days_ago), **kwargs)


def choose(client, action, registrations, where=QUEUE, **more):
    """The first step: tick the rows and run the action."""
    data = {"action": action, "select_across": "0", "index": "0", "_selected_action": [one.pk for one in registrations]}
    return client.post(where, data | more)


def confirm(client, action, page, reason="", where=QUEUE):
    """The second step: send the confirmation page as it came."""
    people = page.context["form"]["people"].value()
    data = {"action": action, "_selected_action": people.split(",")[0], "people": people, "reason": reason}
    return client.post(where, data)


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_queue_opens_on_pending_ones_the_oldest_first(staff, irb_staff):
    new, old, decided = asked(1), asked(5), asked(9)
    decline_registrations([decided], by=irb_staff, reason="No.")
    assert list(staff.get(QUEUE).context["cl"].result_list) == [old, new]
    assert list(staff.get(QUEUE + "?state=declined").context["cl"].result_list) == [decided]
    assert list(staff.get(QUEUE + "?state=approved").context["cl"].result_list) == []
    assert list(staff.get(QUEUE + "?state=all").context["cl"].result_list) == [old, new, decided]


def test_the_list_shows_all_that_a_decision_needs(staff, irb_staff):
    person = UserFactory(username="nina", full_name="Nina <Núñez>", email="nina@x.org", affiliation="Pathology, Lund")
    asked(user=person, purpose="create", reason="Glands & <stroma>.", protocol_number="2026-77")
    html = staff.get(QUEUE).content.decode()
    for words in ("Nina &lt;Núñez&gt;", "nina@x.org", "Pathology, Lund", "Create projects and label", "2026-77"):
        assert words in html
    assert "Glands &amp; &lt;stroma&gt;." in html
    decline_registrations(person.registrations.all(), by=irb_staff, reason="Which study?")
    html = staff.get(QUEUE + "?state=all").content.decode()
    assert "by Irene Board" in html
    assert "Which study?" in html


@pytest.mark.parametrize("word", ["nina", "núñez", "Lund", "2026-77", "stroma"])
def test_the_queue_can_be_searched(staff, word):
    person = UserFactory(username="nina", full_name="Nina núñez", affiliation="Lund")
    found = asked(user=person, protocol_number="2026-77", reason="stroma")
    asked()
    assert list(staff.get(QUEUE, {"q": word}).context["cl"].result_list) == [found]


def test_an_empty_queue_says_so(staff):
    assert "Nobody has asked" in staff.get(QUEUE).content.decode()
    asked()
    assert "No request is waiting" in staff.get(QUEUE + "?state=declined").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_queue(staff, irb_staff):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            staff.get(QUEUE + "?state=all")
        return len(queries)

    decline_registrations([asked()], by=irb_staff, reason="No.")
    asked()
    before = count()
    for _ in range(10):
        asked()
        decline_registrations([asked()], by=irb_staff, reason="No.")
    assert count() == before
    assert before <= 13


def test_approving_asks_first_and_then_tells_what_happened(staff, django_capture_on_commit_callbacks):
    chosen = [asked(), asked(purpose="create")]
    page = choose(staff, "approve", chosen)
    assert "Approve these requests?" in page.content.decode()
    assert all(one.user.email in page.content.decode() for one in chosen)
    assert not Grant.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        response = confirm(staff, "approve", page)
    assert response.url == QUEUE
    assert told(response) == ["2 approved."]
    assert set(Grant.objects.values_list("user", "may_create_projects")) == {
        (chosen[0].user_id, False),
        (chosen[1].user_id, True),
    }
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_declining_needs_a_reason(staff, reason):
    page = choose(staff, "decline", [asked()])
    again = confirm(staff, "decline", page, reason)
    assert again.status_code == 200
    assert "Please write a reason" in again.content.decode()
    assert Registration.objects.pending().exists()
    response = confirm(staff, "decline", again, "No protocol yet.")
    assert told(response) == ["1 declined."]
    assert Registration.objects.get().decision_reason == "No protocol yet."


def test_mixed_selections_and_late_decisions_are_counted(staff, irb_staff, administrator):
    waiting = [asked(), asked(), asked()]
    before, between, own = asked(), asked(), asked(user=irb_staff)
    decline_registrations([before], by=administrator, reason="No.")
    page = choose(staff, "approve", [*waiting, before, between, own])
    decline_registrations([between], by=administrator, reason="No.")
    response = confirm(staff, "approve", page)
    assert told(response) == ["3 approved, 2 already decided, 1 skipped: you cannot decide on your own request."]
    assert Grant.objects.count() == 3
    assert {one.status for one in Registration.objects.filter(pk__in=[before.pk, between.pk])} == {DECLINED}


def test_all_pages_of_the_queue_can_be_chosen_and_only_those_shown_are_decided(staff, monkeypatch):
    monkeypatch.setattr("accounts.admin.registrations.RegistrationAdmin.list_per_page", 2)
    everybody = [asked() for _ in range(5)]
    page = choose(staff, "decline", everybody[:2], select_across="1")
    assert len(page.context["chosen"]) == 5
    late = asked()
    assert told(confirm(staff, "decline", page, "The study is closed.")) == ["5 declined."]
    late.refresh_from_db()
    assert late.status == PENDING


@pytest.mark.parametrize("people", ["", "x", "1,", "1;2", "9" * 30])
def test_a_confirmation_with_odd_people_changes_nothing(staff, people):
    one = asked()
    data = {"action": "approve", "_selected_action": one.pk, "people": people}
    assert staff.post(QUEUE, data).status_code == 200
    assert Registration.objects.pending().count() == 1


def test_the_page_of_a_request_shows_the_past_and_decides_by_the_same_way(staff, irb_staff):
    one = asked(9, reason="My first try.")
    decline_registrations([one], by=irb_staff, reason="No.")
    again = asked(user=one.user)
    url = reverse("admin:accounts_registration_change", args=[again.pk])
    html = staff.get(url).content.decode()
    assert "My first try." in html
    assert 'value="approve"' in html
    assert "_save" not in html
    page = staff.post(QUEUE, {"action": "approve", "_selected_action": again.pk})
    assert told(confirm(staff, "approve", page)) == ["1 approved."]
    html = staff.get(url).content.decode()
    assert 'value="approve"' not in html
    assert "granted: label" in html


def test_a_request_is_never_edited_added_or_deleted_by_hand(client, administrator):
    client.force_login(administrator)
    one = asked()
    url = reverse("admin:accounts_registration_change", args=[one.pk])
    assert client.post(url, {"status": "approved", "reason": "hacked"}).status_code == 403
    assert client.get(QUEUE + "add/").status_code == 403
    assert client.post(f"{QUEUE}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    one.refresh_from_db()
    assert (one.status, one.reason) == (PENDING, "I read slides of this study.")


def test_the_first_page_says_how_many_wait(staff, client, creator):
    asked()
    assert "1 request is waiting" in staff.get("/admin/").content.decode()
    asked()
    assert "2 requests are waiting" in staff.get("/admin/").content.decode()
    client.force_login(creator)
    assert "waiting" not in client.get("/admin/").content.decode()


def test_a_grant_is_added_in_the_name_of_who_adds_it_and_is_audited(staff, irb_staff, annotator):
    protocol = Protocol.objects.create(number="P-1", title="T", principal_investigator="I")
    data = {
        "user": annotator.pk,
        "may_create_projects": "on",
        "protocols": [protocol.pk],
        "since_0": "2026-01-01",
        "since_1": "10:00",
        "until_0": "",
        "until_1": "",
        "granted_by": annotator.pk,
    }
    Grant.objects.all().delete()
    assert staff.post("/admin/accounts/grant/add/", data).status_code == 302
    grant = Grant.objects.get()
    assert (grant.user, grant.granted_by, list(grant.protocols.all())) == (annotator, irb_staff, [protocol])
    event = AuditEvent.objects.get(action="grant added")
    assert (event.actor, event.new) == (irb_staff, "anna: create projects and label; under P-1")


def test_an_ended_grant_keeps_who_got_it_and_the_trail_says_who_ended_it(staff, irb_staff, annotator, creator):
    grant = annotator.grants.get()
    url = reverse("admin:accounts_grant_change", args=[grant.pk])
    end = (timezone.now() + datetime.timedelta(days=1)).replace(microsecond=0)
    data = {"until_0": f"{end:%Y-%m-%d}", "until_1": f"{end:%H:%M:%S}", "user": creator.pk, "may_create_projects": "on"}
    assert staff.post(url, data).status_code == 302
    grant.refresh_from_db()
    assert (grant.user, grant.may_create_projects, grant.until) == (annotator, False, end)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.field, event.new) == ("grant changed", irb_staff, "until", str(end))


def test_a_grant_cannot_end_before_it_begins(staff, annotator):
    url = reverse("admin:accounts_grant_change", args=[annotator.grants.get().pk])
    response = staff.post(url, {"until_0": "2020-01-01", "until_1": "00:00"})
    assert "The end lies before the beginning" in response.content.decode()


def test_nobody_grants_or_prolongs_for_themselves(staff, irb_staff):
    data = {"user": irb_staff.pk, "since_0": "2026-01-01", "since_1": "10:00", "until_0": "", "until_1": ""}
    response = staff.post("/admin/accounts/grant/add/", data)
    assert "user" in response.context["adminform"].form.errors
    own = Grant.objects.create(user=irb_staff, granted_by=irb_staff)
    assert staff.post(reverse("admin:accounts_grant_change", args=[own.pk]), {"until_0": ""}).status_code == 403
