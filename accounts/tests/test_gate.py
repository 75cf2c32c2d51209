"""The gate, tried at every address there is: nobody gets in who is not approved."""

import base64

import pytest
from django.urls import reverse

from accounts.tests.factories import PASSWORD
from labeler.tests.routes import routes

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
WAYS_IN = {
    "browser": {"Accept": "text/html"},
    "json": {"Accept": "application/json"},
    "anything": {"Accept": "*/*"},
}
# Everything that opens to somebody who is not logged in.
PUBLIC = {
    "account_login",
    "account_signup",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_confirm_email",
}
OPEN_TO_PENDING = {"registration", "account_logout", "account_confirm_email", "confirmation_send"}
ADDRESSES = sorted({(route.name, route.path()) for route in routes()})


def test_the_walk_finds_every_app():
    names = {name for name, _ in ADDRESSES}
    assert {"home", "registration", "account_login", "admin:index", "admin:accounts_user_add"} <= names
    assert len(ADDRESSES) > 50
    assert not [path for _, path in ADDRESSES if "<" in path or "%" in path]


def refused(response) -> bool:
    to_log_in = (reverse("account_login"), reverse("admin:login"))
    return response.status_code in (403, 404, 405) or (
        response.status_code == 302 and response.url.startswith(to_log_in)
    )


def methods(name):
    """POST logs out, and would let the rest of the walk go by as somebody else."""
    return [
        method for method in METHODS if (name, method) not in {("account_logout", "POST"), ("admin:logout", "POST")}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("headers", WAYS_IN.values(), ids=WAYS_IN)
def test_an_anonymous_visitor_sees_the_public_pages_only(client, headers):
    opened = set()
    for name, path in ADDRESSES:
        for method in methods(name):
            response = client.generic(method, path, headers=headers)
            if not refused(response):
                opened.add(name)
                assert response.status_code in (200, 302, 400), (method, path, response.status_code)
    assert opened == PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize("headers", WAYS_IN.values(), ids=WAYS_IN)
def test_attack_01_a_pending_person_sees_the_waiting_page_only(client, pending, headers):
    client.force_login(pending)
    for name, path in ADDRESSES:
        for method in methods(name):
            response = client.generic(method, path, headers=headers)
            where = (method, path, response.status_code)
            if name in OPEN_TO_PENDING:
                # A link that confirms nothing is told so in its own way.
                assert response.status_code in (200, 400, 404, 405) or name == "confirmation_send", where
            elif headers["Accept"] == "application/json":
                assert response.status_code == 403, where
                assert method == "HEAD" or set(response.json()) == {"error"}, where
            else:
                assert (response.status_code, response.url) == (302, reverse("registration")), where


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["pending", "creator"])
def test_attack_02_name_and_password_in_a_header_open_nothing(client, request, who):
    person = request.getfixturevalue(who)
    token = base64.b64encode(f"{person.username}:{PASSWORD}".encode()).decode()
    for name, path in ADDRESSES:
        response = client.get(path, headers={"Authorization": f"Basic {token}"})
        assert name in PUBLIC or refused(response), (path, response.status_code)


@pytest.mark.django_db
def test_what_does_not_exist_is_404_for_all_and_shows_nothing(client, pending):
    for path in ("/nowhere", "/admin/nowhere/", "/accounts/nowhere/", "/static/../manage.py"):
        client.logout()
        assert client.get(path).status_code in (302, 404), path
        client.force_login(pending)
        response = client.get(path)
        assert response.status_code == 404 or response.url in (reverse("registration"), f"{path}/"), path


@pytest.mark.django_db
def test_half_a_staff_member_is_held_at_the_gate(client, pending):
    """Flagged as staff by hand, but neither granted anything nor in the group."""
    pending.is_staff = True
    pending.save()
    client.force_login(pending)
    assert client.get(reverse("admin:index")).url == reverse("registration")
