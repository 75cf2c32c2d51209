import pytest
from django.core import mail
from django.db import IntegrityError
from django.urls import reverse

from accounts import adapter
from accounts.data_use import data_use_text
from accounts.models import AuditEvent, Registration, User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
FORM = {
    "username": "Nina",
    "full_name": "Nina Núñez",
    "email": "Nina@Example.org",
    "affiliation": "Institute of Pathology",
    "purpose": "create",
    "reason": "Gland segmentation.",
    "protocol_number": "2026-0001",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "data_use": "on",
}


def sign_up(client, **changes):
    return client.post(reverse("account_signup"), FORM | changes)


def test_signing_up_makes_a_person_and_a_request_and_leads_to_the_waiting_page(client):
    response = sign_up(client)
    person = User.objects.get()
    assert (person.username, person.email) == ("nina", "nina@example.org")
    assert (person.full_name, person.affiliation) == ("Nina Núñez", "Institute of Pathology")
    registration = person.registrations.get()
    assert (registration.purpose, registration.status) == (Registration.Purpose.CREATE, Registration.Status.PENDING)
    assert (registration.reason, registration.protocol_number) == ("Gland segmentation.", "2026-0001")
    events = AuditEvent.objects.values_list("action", "actor_name", "protocol", "role")
    assert list(events) == [
        ("data-use text accepted", "nina", "", "not approved"),
        ("registration submitted", "nina", "2026-0001", "not approved"),
        ("signed in", "nina", "", "not approved"),
    ]
    assert (person.data_use_version, registration.data_use_version) == (data_use_text().version,) * 2
    assert registration.data_use_accepted_at == person.data_use_accepted_at is not None
    response = client.get(response.url, follow=True)
    assert response.redirect_chain == [(reverse("registration"), 302)]
    assert "Thank you, Nina Núñez" in response.content.decode()


def test_attack_03_fields_that_the_form_does_not_have_are_ignored(client):
    sign_up(client, is_staff="on", is_superuser="on", is_active="", groups="1", status="approved", grants="1")
    person = User.objects.get()
    assert (person.is_staff, person.is_superuser, person.is_active) == (False, False, True)
    assert not person.groups.exists()
    assert not person.grants.exists()
    assert person.registrations.get().status == Registration.Status.PENDING


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "ANNA"}, "username"),
        ({"email": "ANNA@EXAMPLE.ORG"}, "email"),
        ({"username": "someone@example.org"}, "username"),
        ({"username": "nul\x00"}, "username"),
        ({"full_name": " "}, "full_name"),
        ({"affiliation": ""}, "affiliation"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "rule"}, "purpose"),
        ({"protocol_number": "1" * 61}, "protocol_number"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password2": "something else entirely"}, "password2"),
        ({"data_use": ""}, "data_use"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nobody_is_made(client, annotator, changes, field):
    response = sign_up(client, **changes)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "invalid-feedback" in response.content.decode()
    assert User.objects.count() == 1
    assert not Registration.objects.exists()


def test_a_protocol_number_is_not_required(client):
    sign_up(client, protocol_number="")
    assert Registration.objects.get().protocol_number == ""


def test_without_the_request_there_is_no_person(client, monkeypatch):
    def taken(**kwargs):
        raise IntegrityError

    monkeypatch.setattr(adapter, "submit_registration", taken)
    response = client.post(reverse("account_signup"), FORM, follow=True)
    assert not User.objects.exists()
    assert "has just been taken" in response.content.decode()


@pytest.mark.parametrize("name", ["anna", "ANNA", "anna@example.org", "Anna@Example.ORG"])
def test_a_person_logs_in_by_username_or_address_in_any_case(client, annotator, name):
    response = client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    assert response.url == reverse("home")
    assert client.session["_auth_user_id"] == str(annotator.pk)


def test_a_deactivated_person_cannot_log_in_and_is_told(client):
    UserFactory(username="gone", is_active=False)
    response = client.post(reverse("account_login"), {"login": "gone", "password": PASSWORD}, follow=True)
    assert "This account is not active" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(client, annotator):
    client.post(reverse("account_reset_password"), {"email": "ANNA@example.org"})
    [message] = mail.outbox
    assert message.subject == "Choose a new password for Labeler"
    link = next(word for word in message.body.split() if word.startswith("http"))
    page = client.get(link, follow=True)
    assert "Choose a new password" in page.content.decode()
    new = "a quite different sentence"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    annotator.refresh_from_db()
    assert annotator.check_password(new)
    assert "does not work any more" in client.get(link, follow=True).content.decode()


def test_attack_04_asking_for_an_unknown_address_looks_the_same(client, annotator):
    known = client.post(reverse("account_reset_password"), {"email": "anna@example.org"}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"}, follow=True)
    assert known.content == unknown.content
    assert mail.outbox[1].subject == "No account with this address"


def test_a_mail_server_that_is_down_gives_the_same_page_too(client, annotator, settings, caplog):
    settings.EMAIL_BACKEND = "accounts.tests.test_signup.BrokenBackend"
    response = client.post(reverse("account_reset_password"), {"email": "anna@example.org"}, follow=True)
    assert "Check your e-mail" in response.content.decode()
    assert "could not be sent" in caplog.text


class BrokenBackend:
    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_an_approved_person_changes_the_password_but_not_the_address(client, annotator):
    client.force_login(annotator)
    new = "a quite different sentence"
    answers = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD})
    response = client.post(reverse("account_change_password"), answers)
    assert response.url == reverse("home")
    annotator.refresh_from_db()
    assert annotator.check_password(new)
    for method in (client.get, client.post):
        assert method(reverse("account_email"), {"email": "new@example.org"}).status_code == 404


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("account_login", "Username or e-mail"),
        ("account_signup", "Ask for an account"),
        ("account_reset_password", "Forgotten password"),
        ("account_reset_password_done", "Check your e-mail"),
        ("account_reset_password_from_key_done", "Your password is changed"),
        ("account_inactive", "not active"),
        ("account_logout", None),
    ],
)
def test_the_pages_before_the_work_share_one_look_and_no_inline_style_or_script(client, name, words):
    response = client.get(reverse(name))
    if words is None:  # nobody is logged in
        assert response.status_code == 302
        return
    html = response.content.decode()
    assert words in html
    assert "entrance-picture" in html
    assert "style=" not in html
    assert "<script>" not in html
