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
PEOPLE = ["creator", "annotator", "irb_staff", "powerful", "administrator"]
TABLE = [
    # address                                    creator annotator IRB  powerful administrator
    ("admin:index", [200, 403, 200, 200, 200]),
    ("admin:accounts_registration_changelist", [403, 403, 200, 200, 200]),
    ("admin:accounts_registration_add", [403, 403, 403, 403, 403]),
    ("admin:accounts_registration_change", [403, 403, 200, 200, 200]),
    ("admin:accounts_registration_delete", [403, 403, 403, 403, 403]),
    ("admin:accounts_grant_changelist", [403, 403, 200, 200, 200]),
    ("admin:accounts_grant_add", [403, 403, 200, 200, 200]),
    ("admin:accounts_grant_change", [403, 403, 200, 200, 200]),
    ("admin:accounts_grant_delete", [403, 403, 403, 403, 403]),
    ("admin:accounts_protocol_changelist", [403, 403, 200, 200, 200]),
    ("admin:accounts_protocol_add", [403, 403, 200, 200, 200]),
    ("admin:accounts_protocol_change", [403, 403, 200, 200, 200]),
    ("admin:accounts_protocol_delete", [403, 403, 403, 403, 403]),
    ("admin:accounts_access_changelist", [403, 403, 200, 200, 200]),
    ("admin:accounts_access_csv", [405, 405, 405, 405, 405]),
    ("admin:accounts_access_add", [403, 403, 403, 403, 403]),
    ("admin:accounts_access_change", [403, 403, 200, 200, 200]),
    ("admin:accounts_access_delete", [403, 403, 403, 403, 403]),
    ("admin:accounts_auditevent_changelist", [403, 403, 200, 200, 200]),
    ("admin:accounts_auditevent_add", [403, 403, 403, 403, 403]),
    ("admin:accounts_auditevent_change", [403, 403, 200, 200, 200]),
    ("admin:accounts_auditevent_delete", [403, 403, 403, 403, 403]),
    ("admin:accounts_user_changelist", [403, 403, 403, 403, 200]),
    ("admin:accounts_user_add", [403, 403, 403, 403, 200]),
    ("admin:accounts_user_change", [403, 403, 403, 403, 200]),
    ("admin:accounts_user_history", [403, 403, 403, 403, 200]),
    ("admin:accounts_user_delete", [403, 403, 403, 403, 403]),
    ("admin:auth_user_password_change", [403, 403, 403, 403, 200]),
    ("admin:auth_group_changelist", [403, 403, 403, 403, 200]),
    ("admin:auth_group_add", [403, 403, 403, 403, 200]),
    ("admin:auth_group_change", [403, 403, 403, 403, 200]),
    ("admin:auth_group_history", [403, 403, 403, 403, 200]),
    ("admin:auth_group_delete", [403, 403, 403, 403, 200]),
]


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


@pytest.mark.parametrize("who", PEOPLE)
def test_the_table_of_access(client, request, objects, who):
    client.force_login(request.getfixturevalue(who))
    found = []
    for name, _ in TABLE:
        of_one = not name.endswith(("list", "add", "csv"))
        kind = next((kind for kind in objects if of_one and f"_{kind}_" in name), None)
        response = client.get(reverse(name, args=[objects[kind].pk] if kind else []), follow=True)
        found.append((name, response.status_code))
    assert found == [(name, row[PEOPLE.index(who)]) for name, row in TABLE]


def test_the_table_names_every_page_of_these_models():
    models = {model._meta.label for model in admin.site._registry if model._meta.app_label in ("accounts", "auth")}
    assert models == {
        "accounts.Registration",
        "accounts.Grant",
        "accounts.Protocol",
        "accounts.AuditEvent",
        "accounts.User",
        "accounts.Access",
        "auth.Group",
    }
    assert not [model for model in admin.site._registry if model._meta.label in ("account.EmailAddress",)]


@pytest.mark.parametrize("who", ["irb_staff", "powerful", "creator"])
def test_posting_to_accounts_and_groups_changes_nothing(client, request, objects, who):
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


def test_irb_staff_hold_no_right_over_projects_or_annotations(irb_staff):
    permissions = irb_staff.get_all_permissions()
    assert {name.split(".")[0] for name in permissions} == {"accounts"}
    assert not [name for name in permissions if "user" in name or "delete" in name]


def test_irb_staff_get_no_page_of_the_projects_and_annotation_admin(client, irb_staff):
    client.force_login(irb_staff)
    for model in admin.site._registry:
        if model._meta.app_label in ("projects", "annotation"):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            for page, args in (("changelist", []), ("add", []), ("change", [1]), ("delete", [1]), ("history", [1])):
                response = client.get(reverse(f"{name}_{page}", args=args), follow=True)
                seen = response.status_code == 200 and response.redirect_chain[-1:] != [(reverse("admin:index"), 302)]
                assert not seen, (name, page)


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
