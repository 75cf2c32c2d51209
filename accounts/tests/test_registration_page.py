import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Grant, Registration
from accounts.services import decline_registrations
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ANSWERS = {"purpose": "annotate", "reason": "A new reason.", "protocol_number": ""}


@pytest.fixture
def page(client):
    def get(person, data=None):
        client.force_login(person)
        url = reverse("registration")
        return client.get(url) if data is None else client.post(url, data, follow=True)

    return get


def test_an_anonymous_visitor_is_led_to_the_log_in(client):
    assert client.get(reverse("registration")).url.startswith(reverse("account_login"))


def test_a_pending_person_sees_where_things_stand_and_can_only_log_out(page, pending):
    html = page(pending).content.decode()
    assert "Thank you, Petra Pending" in html
    assert f"{pending.registrations.get().created_at:%Y}" in html
    assert html.count("<form") == 1
    assert reverse("account_logout") in html
    assert [link for link in html.split('href="')[1:] if link.startswith(("/accounts", "/admin", "/projects"))] == []


def test_a_pending_person_who_posts_does_not_ask_twice(page, pending):
    page(pending, ANSWERS | {"purpose": "create"})
    assert pending.registrations.get().purpose == Registration.Purpose.ANNOTATE


def test_declined_person_sees_the_reason_and_may_ask_again(page, pending, irb_staff):
    decline_registrations(pending.registrations.all(), by=irb_staff, reason="Which <protocol>?")
    html = page(pending).content.decode()
    assert "Your request was declined" in html
    assert "Which &lt;protocol&gt;?" in html
    assert "Your request is waiting" in page(pending, ANSWERS).content.decode()
    assert pending.registrations.count() == 2
    assert pending.registrations.pending().get().reason == "A new reason."


def test_a_request_without_a_reason_is_shown_again(page):
    person = UserFactory()
    response = page(person, ANSWERS | {"reason": " "})
    assert list(response.context["form"].errors) == ["reason"]
    assert not person.registrations.exists()


def test_a_person_made_by_an_administrator_may_ask(page):
    assert "Ask for access" in page(UserFactory()).content.decode()


def test_an_annotator_asks_for_what_is_left(page, annotator):
    response = page(annotator)
    assert "Ask for more rights" in response.content.decode()
    assert [value for value, _ in response.context["form"].fields["purpose"].choices] == ["create", "irb", "administer"]
    assert list(page(annotator, ANSWERS).context["form"].errors) == ["purpose"]
    html = page(annotator, ANSWERS | {"purpose": "create"}).content.decode()
    assert annotator.registrations.get().purpose == Registration.Purpose.CREATE
    assert "Your request is waiting" in html
    assert reverse("home") in html


def test_a_new_person_cannot_ask_to_administer(page):
    assert list(page(UserFactory(), ANSWERS | {"purpose": "administer"}).context["form"].errors) == ["purpose"]


def test_whoever_has_nothing_to_ask_for_is_led_home(client, administrator):
    client.force_login(administrator)
    response = client.get(reverse("registration"))
    assert (response.status_code, response.url) == (302, reverse("home"))


def test_an_ended_grant_acts_on_the_next_request(client, annotator):
    client.force_login(annotator)
    assert client.get(reverse("account_change_password")).status_code == 200
    Grant.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))
    response = client.get(reverse("account_change_password"), follow=True)
    assert response.redirect_chain == [(reverse("registration"), 302)]
    assert "Your access has ended" in response.content.decode()


def test_a_person_whose_approved_access_ended_is_told_so(page, annotator, irb_staff):
    Registration.objects.create(
        user=annotator, reason="r", status="approved", decided_by=irb_staff, decided_at=timezone.now()
    )
    Grant.objects.update(until=timezone.now())
    assert "Your access has ended" in page(annotator).content.decode()


def test_a_deactivated_person_is_out_on_the_next_request(client, annotator):
    client.force_login(annotator)
    annotator.is_active = False
    annotator.save()
    assert client.get(reverse("account_change_password")).url.startswith(reverse("account_login"))
