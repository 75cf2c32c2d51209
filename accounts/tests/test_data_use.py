"""The data-use text: accepted at sign-up, asked for again at the log-in after a new version, never in between."""

import pytest
from django.core.checks import run_checks
from django.urls import reverse

from accounts.data_use import data_use_text
from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, UserFactory
from labeler.checks import data_use_text_is_there

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def new_text(settings, tmp_path):
    """A newer version than everybody accepted."""
    path = tmp_path / "text.txt"
    path.write_text("Version 2027-01\n\nNo <copies>.\n\nNo names.\n")
    settings.DATA_USE_TEXT = str(path)


def log_in(client, username="anna", **more):
    return client.post(reverse("account_login"), {"login": username, "password": PASSWORD} | more, follow=True)


def test_a_new_version_is_asked_for_at_the_next_log_in_and_leads_on(client, annotator, new_text):
    target = reverse("account_change_password")
    page = log_in(client, next=target)
    assert page.redirect_chain[-1][0].startswith(reverse("data_use"))
    assert "No &lt;copies&gt;." in page.content.decode()
    assert "has changed since" in page.content.decode()
    assert client.get(target).status_code == 302
    refused = client.get(target, headers=JSON)
    assert (refused.status_code, "Log in again" in refused.json()["error"]) == (401, True)
    assert list(client.post(page.redirect_chain[-1][0], {}).context["form"].errors) == ["data_use"]
    accepted = client.post(reverse("data_use"), {"data_use": "on", "next": target})
    assert (accepted.status_code, accepted.url) == (302, target)
    annotator.refresh_from_db()
    assert annotator.data_use_version == "2027-01"
    assert annotator.data_use_accepted_at is not None
    event = AuditEvent.objects.get(action="data-use text accepted")
    assert (event.actor, event.new) == (annotator, "2027-01")
    assert client.get(target).status_code == 200
    client.logout()
    assert log_in(client).redirect_chain[-1][0] == reverse("home")


def test_a_session_that_began_before_goes_on(client, annotator, settings, tmp_path):
    log_in(client)
    (tmp_path / "text.txt").write_text("Version 3\nNew.")
    settings.DATA_USE_TEXT = str(tmp_path / "text.txt")
    assert client.get(reverse("home")).status_code == 200


def test_next_leads_nowhere_else(client, annotator, new_text):
    log_in(client)
    answer = client.post(reverse("data_use"), {"data_use": "on", "next": "https://evil.example/"})
    assert answer.url == reverse("home")


def test_somebody_who_never_accepted_is_asked_and_may_log_out(client, db):
    UserFactory(username="anna", grant=True, data_use_version="")
    page = log_in(client)
    assert "Before you go on, please read it" in page.content.decode()
    assert client.post(reverse("account_logout")).status_code == 302


@pytest.mark.parametrize("text", ["", "Version\nText", "Version 1\n \n", f"Version {'1' * 41}\nText"])
def test_a_text_without_a_version_stops_the_start(settings, tmp_path, text):
    (tmp_path / "text.txt").write_text(text)
    settings.DATA_USE_TEXT = str(tmp_path / "text.txt")
    assert [problem.id for problem in data_use_text_is_there(None)] == ["labeler.E004"]


def test_a_text_that_is_not_there_stops_the_start(settings, tmp_path):
    settings.DATA_USE_TEXT = str(tmp_path / "nowhere.txt")
    assert "labeler.E004" in [problem.id for problem in run_checks()]


def test_the_text_that_ships_can_be_read():
    assert data_use_text().version
    assert not data_use_text().text.startswith("Version")
