"""Deciding on requests beyond yes and no: a question and its answer, two people for staff, confirmed addresses."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AuditEvent, Registration, User
from accounts.services import (
    ALREADY_DECIDED,
    DECIDED,
    FIRST,
    NO_ADMINISTRATOR,
    OWN,
    SAME_PERSON,
    UNCONFIRMED,
    approve_registrations,
    ask_for_more,
    decline_registrations,
    submit_registration,
)
from accounts.tests.factories import PASSWORD, RegistrationFactory, UserFactory
from accounts.tests.test_admin_queue import QUEUE, choose, confirm, told
from accounts.tests.test_signup import sign_up

pytestmark = pytest.mark.django_db
ANSWERS = {"purpose": "annotate", "reason": "Under protocol 7.", "protocol_number": "7"}


# --- Asking for more -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_in_the_same_request_and_every_step_is_on_its_page(
    client, irb_staff, pending, django_capture_on_commit_callbacks
):
    registration = pending.registrations.get()
    client.force_login(irb_staff)
    page = choose(client, "ask", [registration])
    assert "Ask about these requests?" in page.content.decode()
    assert "Please write a question" in confirm(client, "ask", page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert told(confirm(client, "ask", page, "Which protocol?")) == ["1 asked."]
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([pending.email], "A question about your request for Labeler")
    ]
    assert "Which protocol?" in mail.outbox[0].body

    client.force_login(pending)
    html = client.get(reverse("registration")).content.decode()
    assert "There is a question" in html
    assert "Which protocol?" in html
    client.post(reverse("registration"), ANSWERS)
    registration.refresh_from_db()
    assert (registration.status, registration.protocol_number) == (Registration.Status.PENDING, "7")
    assert (registration.decided_by, registration.decision_reason) == (None, "")
    assert pending.registrations.count() == 1

    client.force_login(irb_staff)
    confirm(client, "approve", choose(client, "approve", [registration]))
    html = client.get(reverse("admin:accounts_registration_change", args=[registration.pk])).content.decode()
    steps = [
        "<b>irene</b> asked <em>Which protocol?</em>",
        "<b>petra</b> answered",
        "<b>irene</b> approved",
    ]
    places = [html.index(step) for step in steps]
    assert places == sorted(places)
    answered = AuditEvent.objects.get(action="registration answered")
    assert (answered.old, answered.new) == ("I read slides of this study.", "Under protocol 7.")


def test_what_was_asked_may_be_decided_without_an_answer_but_not_asked_twice(irb_staff, pending):
    ask_for_more(pending.registrations.all(), by=irb_staff, reason="Which?")
    assert ask_for_more(pending.registrations.all(), by=irb_staff, reason="Which?") == {ALREADY_DECIDED: 1}
    assert decline_registrations(pending.registrations.all(), by=irb_staff, reason="No answer.") == {DECIDED: 1}
    assert not User.objects.get(pk=pending.pk).is_approved


def test_a_person_has_one_open_request(irb_staff, pending):
    ask_for_more(pending.registrations.all(), by=irb_staff, reason="Which?")
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistrationFactory(user=pending)


# --- Two people for staff --------------------------------------------------------------------------------------------


@pytest.fixture
def staff_request():
    person = UserFactory(username="nora", grant=True)
    return lambda purpose: submit_registration(user=person, purpose=purpose, reason="I join the office.")


@pytest.mark.parametrize(("purpose", "irb", "superuser"), [("irb", True, False), ("administer", False, True)])
def test_staff_are_made_by_two_people_one_of_them_an_administrator(
    irb_staff, administrator, staff_request, purpose, irb, superuser
):
    registration = staff_request(purpose)
    assert approve_registrations([registration], by=irb_staff, reason="I know her.") == {FIRST: 1}
    person = User.objects.get(username="nora")
    assert (person.is_staff, person.is_superuser, person.is_irb_staff) == (False, False, False)
    assert approve_registrations([registration], by=irb_staff) == {SAME_PERSON: 1}
    second = UserFactory(irb_staff=True)
    assert approve_registrations([registration], by=second) == {NO_ADMINISTRATOR: 1}
    assert approve_registrations([registration], by=administrator, reason="Yes.") == {DECIDED: 1}
    person = User.objects.get(username="nora")
    assert (person.is_staff, person.is_superuser, person.is_irb_staff) == (True, superuser, irb)
    registration.refresh_from_db()
    assert (registration.first_approved_by, registration.decided_by) == (irb_staff, administrator)
    assert list(AuditEvent.objects.values_list("actor_name", "action").order_by("pk"))[1:] == [
        ("irene", "registration approved by the first of two"),
        ("root", "registration approved"),
        ("root", "made IRB staff" if irb else "made administrator"),
    ]


def test_nobody_is_one_of_the_two_for_themselves(irb_staff, administrator):
    registration = submit_registration(user=irb_staff, purpose="administer", reason="Me.")
    assert approve_registrations([registration], by=irb_staff) == {OWN: 1}
    assert approve_registrations([registration], by=administrator) == {FIRST: 1}
    assert approve_registrations([registration], by=irb_staff) == {OWN: 1}


def test_one_person_is_enough_to_decline(irb_staff, administrator, staff_request):
    registration = staff_request("administer")
    approve_registrations([registration], by=administrator)
    assert decline_registrations([registration], by=irb_staff, reason="No.") == {DECIDED: 1}
    assert not User.objects.get(username="nora").is_superuser


def test_the_database_keeps_the_rule_too(irb_staff, staff_request):
    registration = staff_request("administer")
    decided = {"status": "approved", "decided_by": irb_staff, "decided_at": registration.created_at}
    for first in (None, irb_staff):
        with pytest.raises(IntegrityError), transaction.atomic():
            Registration.objects.filter(pk=registration.pk).update(first_approved_by=first, **decided)


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "groups", "user_permissions"])
def test_an_administrator_alone_gives_no_such_right_but_takes_it(client, administrator, annotator, irb_staff, field):
    client.force_login(administrator)
    many = field in ("groups", "user_permissions")
    data = {"username": "anna", "full_name": "Anna", "email": annotator.email, "is_active": "on"}
    url = reverse("admin:accounts_user_change", args=[annotator.pk])
    value = irb_staff.groups.get().pk if field == "groups" else 1
    response = client.post(url, data | {field: [value] if many else "on"})
    assert list(response.context["adminform"].form.errors) == [field]
    url = reverse("admin:accounts_user_change", args=[irb_staff.pk])
    data |= {"username": "irene", "full_name": "Irene", "email": irb_staff.email}
    assert client.post(url, data).status_code == 302
    person = User.objects.get(pk=irb_staff.pk)
    assert (person.is_staff, person.is_irb_staff) == (False, False)


# --- Addresses -------------------------------------------------------------------------------------------------------


def test_only_addresses_of_the_domains_named_may_sign_up(client, settings):
    settings.SIGNUP_EMAIL_DOMAINS = ["clinic.example", "uni.example"]
    response = sign_up(client)
    assert response.context["form"].errors == {
        "email": ["Please use an e-mail address of clinic.example or uni.example."]
    }
    assert sign_up(client, email="nina@sub.clinic.example").status_code == 200
    assert sign_up(client, email="nina@clinic.example.org").status_code == 200
    assert not User.objects.exists()
    assert sign_up(client, email="nina@Clinic.example").status_code == 302


def test_where_mail_is_configured_nobody_is_approved_before_the_address_is_confirmed(client, settings, irb_staff):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    sign_up(client)
    person = User.objects.get(username="nina")
    [message] = mail.outbox
    assert (message.to, message.subject) == (["nina@example.org"], "Confirm your e-mail address for Labeler")
    assert "Please confirm your e-mail address" in client.get(reverse("registration")).content.decode()
    registration = person.registrations.get()
    assert approve_registrations([registration], by=irb_staff) == {UNCONFIRMED: 1}

    link = next(word for word in message.body.split() if word.startswith("http"))
    page = client.get(link)
    assert "Is nina@example.org your address?" in page.content.decode()
    client.post(link)
    assert EmailAddress.objects.get(user=person).verified
    assert "Please confirm" not in client.get(reverse("registration")).content.decode()
    assert approve_registrations([registration], by=irb_staff) == {DECIDED: 1}


def test_the_link_is_sent_again(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    sign_up(client)
    client.post(reverse("confirmation_send"))
    assert [message.to for message in mail.outbox] == [["nina@example.org"]] * 2


def test_people_who_were_there_before_go_on_when_mail_is_configured(client, settings, annotator):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    response = client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD})
    assert response.url == reverse("home")
    assert not mail.outbox


def test_the_bulk_says_what_it_left_out_and_why(client, settings, irb_staff):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    confirmed, unconfirmed = RegistrationFactory(), RegistrationFactory()
    EmailAddress.objects.create(user=confirmed.user, email=confirmed.user.email, verified=True)
    client.force_login(irb_staff)
    said = told(confirm(client, "approve", choose(client, "approve", [confirmed, unconfirmed])))
    assert said == ["1 approved, 1 skipped: the e-mail address is not confirmed yet."]
    assert QUEUE.endswith("registration/")
