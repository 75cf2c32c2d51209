"""Attacks on the log-in and on sessions. Their numbers are those of the project's list of attacks."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import PASSWORD
from projects.tests.factories import MembershipFactory

ELSEWHERE = ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]
ELSEWHERE += ["http:///evil.example", "https:evil.example", "\thttps://evil.example", "//evil.example@testserver/"]
LOGIN = reverse("account_login")


def log_in(client, login="anna", password=PASSWORD, **fields):
    headers = fields.pop("headers", {})
    return client.post(LOGIN, {"login": login, "password": password} | fields, headers=headers)


def is_logged_in(client) -> bool:
    return client.get(reverse("home")).status_code == 200


def test_attack_04_the_log_in_does_not_tell_who_has_an_account(client, annotator):
    known, unknown = (log_in(client, login, "a wrong password").content.decode() for login in ("anna", "nobody"))
    plain = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|value="(anna|nobody)"')
    assert plain.sub("", known) == plain.sub("", unknown)


def test_attack_05_a_person_who_is_deactivated_is_out_at_the_next_request(client, annotator, administrator):
    client.force_login(annotator)
    assert is_logged_in(client)
    officer = Client()
    officer.force_login(administrator)
    person = {"username": "anna", "full_name": "Anna", "email": annotator.email}  # no longer active
    officer.post(reverse("admin:accounts_user_change", args=[annotator.pk]), person)
    assert client.get(reverse("home")).url.startswith(LOGIN)


def test_attack_05_a_grant_that_is_ended_ends_the_work_at_the_next_request(client, annotator, irb_staff, project):
    MembershipFactory(project=project, user=annotator)
    client.force_login(annotator)
    assert is_logged_in(client)
    officer = Client()
    officer.force_login(irb_staff)
    grant, now = annotator.grants.get(), timezone.now()
    grant.since = now - timedelta(days=1)
    grant.save()
    end = {"until_0": f"{now:%Y-%m-%d}", "until_1": "00:00:00"}
    assert officer.post(reverse("admin:accounts_grant_change", args=[grant.pk]), end).status_code == 302
    assert client.get(reverse("home")).url == reverse("registration")
    refused = client.get(reverse("label_next", args=[project.pk]), headers={"Accept": "application/json"})
    assert refused.status_code == 403


def test_attack_07_guessing_is_stopped_whatever_address_a_client_claims(client, annotator, settings):
    settings.ACCOUNT_RATE_LIMITS = {}  # what allauth has by itself
    for number in range(5):
        log_in(client, password=f"guess {number}", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    log_in(client, headers={"X-Forwarded-For": "192.0.2.99"})
    assert not is_logged_in(client)


def test_attack_07_many_names_from_one_place_are_stopped(client, annotator, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    for number in range(10):
        log_in(client, f"nobody{number}", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    log_in(client, headers={"X-Forwarded-For": "192.0.2.99"})
    assert not is_logged_in(client)


def test_attack_08_a_session_that_was_planted_is_not_the_one_that_is_logged_in(client, annotator):
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    log_in(client)
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not is_logged_in(thief)


def test_attack_08_the_session_of_a_log_out_is_dead(client, annotator):
    log_in(client)
    kept = client.session.session_key
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies["sessionid"] = kept
    assert not is_logged_in(thief)


def test_attack_08_a_new_password_ends_the_other_sessions(client, annotator):
    thief = Client()
    log_in(thief)
    log_in(client)
    new = "a quite different sentence"
    answers = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), answers).status_code == 302
    assert is_logged_in(client)
    assert not is_logged_in(thief)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_attack_09_the_log_in_and_the_log_out_lead_to_pages_of_ours_only(client, annotator, target):
    assert log_in(client, next=target).url == reverse("home")
    assert client.post(reverse("account_logout"), {"next": target}).url == LOGIN
    assert log_in(client).url == reverse("home")
    again = client.post(f"{reverse('account_reauthenticate')}", {"password": PASSWORD, "next": target})
    assert again.url == reverse("home")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_attack_09_whoever_is_logged_in_already_is_not_led_away(client, annotator, target):
    client.force_login(annotator)
    for name in ("account_login", "account_signup", "admin:login"):
        answer = client.get(reverse(name), {"next": target})
        assert answer.headers.get("Location", reverse("home")) == reverse("home"), name
