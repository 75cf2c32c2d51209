"""Signing in, failing to, signing out and passwords, as the audit trail keeps them."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD

LOGIN = reverse("account_login")


def events(*names) -> list[tuple]:
    return list(AuditEvent.objects.values_list("action", "actor_name", *names))


def test_signing_in_and_out_are_events(client, annotator):
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    client.post(reverse("account_logout"))
    assert events("object_id", "ip") == [
        ("signed in", "anna", str(annotator.pk), "127.0.0.1"),
        ("signed out", "anna", str(annotator.pk), "127.0.0.1"),
    ]


@pytest.mark.parametrize("name", ["anna", "Anna", "anna@example.org", "ANNA@example.org"])
def test_a_failed_sign_in_names_the_account_that_was_tried(client, annotator, name):
    client.post(LOGIN, {"login": name, "password": "wrong"})
    [(action, who, tried)] = set(events("object_id"))
    assert (action, who, tried) == ("sign-in failed", "anonymous", str(annotator.pk))


def test_what_was_typed_is_not_kept_where_it_names_nobody(client, annotator):
    client.post(LOGIN, {"login": PASSWORD, "password": "anna"})
    assert set(events("object_type", "object_id")) == {("sign-in failed", "anonymous", "accounts.User", "")}
    kept = {str(value) for row in AuditEvent.objects.values_list() for value in row}
    assert not [text for text in kept if "horse" in text or "anna" in text]


def test_whoever_has_no_session_signs_out_of_nothing(client, db):
    client.post(reverse("account_logout"))
    assert events() == []


def test_a_changed_password_is_an_event_and_not_in_it(client, annotator):
    client.force_login(annotator)
    new = "another horse battery"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), form)
    annotator.refresh_from_db()
    assert annotator.check_password(new)
    assert events("old", "new") == [("password changed", "anna", "", "")]


def test_a_password_set_by_an_administrator_is_an_event(client, administrator, annotator):
    client.force_login(administrator)
    address = reverse("admin:auth_user_password_change", args=[annotator.pk])
    refused = {"password1": "short", "password2": "short", "usable_password": "true"}
    client.post(address, refused)
    assert events() == []
    new = "another horse battery"
    client.post(address, {"password1": new, "password2": new, "usable_password": "true"})
    annotator.refresh_from_db()
    assert annotator.check_password(new)
    assert events("object_id") == [("password set by administrator", "root", str(annotator.pk))]


def test_what_an_administrator_deletes_is_an_event(client, administrator):
    one, two = Group.objects.create(name="Readers"), Group.objects.create(name="Writers")
    client.force_login(administrator)
    client.post(reverse("admin:auth_group_delete", args=[one.pk]), {"post": "yes"})
    form = {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"}
    client.post(reverse("admin:auth_group_changelist"), form)
    assert events("old") == [("group deleted", "root", "Readers"), ("group deleted", "root", "Writers")]
    assert not Group.objects.filter(name__in=["Readers", "Writers"]).exists()
