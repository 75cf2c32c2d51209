"""Who may do what in the admin of people: IRB staff decide, superusers keep accounts, nobody else sees any of it."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.audit import record
from accounts.models import IRB_STAFF, AuditEvent, Protocol, User
from accounts.tests.factories import PASSWORD, RegistrationFactory, UserFactory
from projects.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def powerful(db):
    """Staff with every permission there is by hand, yet no superuser."""
    person = UserFactory(username="paul", is_staff=True, grant=True)
    person.user_permissions.set(Permission.objects.all())
    return person


@pytest.fixture
def objects(db, annotator):
    registration = RegistrationFactory()
    return {
        "registration": registration,
        "grant": annotator.grants.get(),
        "protocol": Protocol.objects.create(number="P-1", title="T", principal_investigator="I"),
        "auditevent": record("seen", registration, actor=None),
        "access": MembershipFactory(user=annotator),
        "user": registration.user,
        "group": Group.objects.create(name="Some group"),
    }


@pytest.mark.parametrize("who", ["irb_staff", "powerful", "creator"])
def test_attack_26_posting_to_accounts_and_groups_changes_nothing(client, request, objects, who):
    person = request.getfixturevalue(who)
    client.force_login(person)
    for url in (
        reverse("admin:accounts_user_change", args=[person.pk]),
        reverse("admin:accounts_user_add"),
        reverse("admin:accounts_user_changelist"),
        reverse("admin:auth_user_password_change", args=[objects["user"].pk]),
        reverse("admin:auth_group_change", args=[objects["group"].pk]),
        reverse("admin:auth_group_add"),
    ):
        data = {"username": person.username, "is_superuser": "on", "name": "x", "password1": PASSWORD}
        assert client.post(url, data).status_code == 403, url
    assert not User.objects.get(pk=person.pk).is_superuser


def test_irb_staff_see_exactly_their_five_lists(client, irb_staff, rf):
    request = rf.get("/admin/")
    request.user = irb_staff
    lists = [
        (app["app_label"], model["object_name"]) for app in admin.site.get_app_list(request) for model in app["models"]
    ]
    assert sorted(lists) == [
        ("accounts", "Access"),
        ("accounts", "AuditEvent"),
        ("accounts", "Grant"),
        ("accounts", "Protocol"),
        ("accounts", "Registration"),
    ]


def test_attack_33_irb_staff_hold_no_right_over_projects_or_annotations(irb_staff):
    permissions = irb_staff.get_all_permissions()
    assert {name.split(".")[0] for name in permissions} == {"accounts"}
    assert not [name for name in permissions if "user" in name or "delete" in name]


def test_choosing_a_person_for_a_grant_gives_no_way_into_accounts(client, irb_staff, annotator):
    client.force_login(irb_staff)
    html = client.get("/admin/accounts/grant/add/").content.decode()
    assert "Anna Annotator (anna, anna@example.org)" in html
    assert "Irene Board" not in html
    assert "/admin/accounts/user/" not in html
    query = {"app_label": "accounts", "model_name": "grant", "field_name": "user"}
    assert client.get("/admin/autocomplete/", query).status_code == 403


def test_the_group_of_irb_staff_is_neither_renamed_nor_deleted(client, administrator):
    client.force_login(administrator)
    group = Group.objects.get(name=IRB_STAFF)
    assert client.get(reverse("admin:auth_group_delete", args=[group.pk])).status_code == 403
    client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "Others"})
    group.refresh_from_db()
    assert group.name == IRB_STAFF


def test_an_administrator_makes_a_person_in_lower_case(client, administrator):
    client.force_login(administrator)
    data = {
        "username": "Nora",
        "full_name": "Nora N",
        "email": "Nora@X.org",
        "affiliation": "",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post(reverse("admin:accounts_user_add"), data).status_code == 302
    person = User.objects.get(username="nora")
    assert person.email == "nora@x.org"
    assert AuditEvent.objects.get().action == "user added"
    again = client.post(reverse("admin:accounts_user_add"), data | {"username": "NORA", "email": "NORA@x.ORG"})
    assert again.status_code == 200
    assert User.objects.count() == 2


def test_an_address_changed_by_an_administrator_leaves_no_old_way_in(client, administrator, annotator):
    EmailAddress.objects.create(user=annotator, email=annotator.email, primary=True)
    client.force_login(administrator)
    data = {"username": "anna", "full_name": "Anna", "email": "new@example.org", "is_active": "on"}
    client.post(reverse("admin:accounts_user_change", args=[annotator.pk]), data)
    client.logout()
    client.post(reverse("account_login"), {"login": "anna@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.post(reverse("account_login"), {"login": "new@example.org", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_anonymous_visitors_of_the_admin_log_in_by_the_common_page(client):
    response = client.get("/admin/accounts/registration/", follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))
