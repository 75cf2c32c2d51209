"""Attacks on the administration, each tried at every model that is registered."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Protocol, Registration, User
from accounts.tests.factories import PASSWORD
from annotation.models import Annotation
from labeler.tests.routes import ROUTES
from labeler.tests.world import MATRIX, SECRET, Visitor
from projects.models import Image, Project

MODELS = admin.site._registry
STUDIES = (Project, Image, Annotation)  # what creators find in the administration
AUTOCOMPLETE = reverse("admin:autocomplete")


def name_of(model, page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


def relations():
    """(model, field) of every field of a registered model that names another object."""
    return [
        (model, field)
        for model in MODELS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created
    ]


@pytest.mark.parametrize("part", ["annotator", "creator", "f_creator", "irb", "powerful"])
def test_attack_26_no_form_makes_anybody_more_than_they_are(world, part):
    visitor = Visitor(world, part)
    before = rights_of_all()
    groups = list(Group.objects.values_list("pk", flat=True))
    more = {"is_superuser": "on", "is_staff": "on", "is_active": "on", "groups": groups, "user_permissions": ["1", "2"]}
    more |= {"username": "root", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true", "name": "All"}

    def check(response):
        assert rights_of_all() == before, response.request["PATH_INFO"]

    for name, method in MATRIX:
        if method != "GET":
            visitor.ask(ROUTES[name], method, data=more, check=check)


def rights_of_all():
    people = User.objects.order_by("pk").values_list(
        "pk", "username", "password", "is_superuser", "is_staff", "is_active"
    )
    groups = [(group, sorted(group.permissions.values_list("pk", flat=True))) for group in Group.objects.order_by("pk")]
    memberships = sorted(User.groups.through.objects.values_list("user_id", "group_id"))
    permissions = sorted(User.user_permissions.through.objects.values_list("user_id", "permission_id"))
    return list(people), groups, memberships, permissions


@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("model", STUDIES)
def test_attack_27_a_foreign_object_is_answered_like_none(world, model, page):
    visitor = Visitor(world, "f_creator")
    route = ROUTES[name_of(model, page)]
    told = []
    for unknown in (False, True):
        pk = visitor.value(route, "object_id", unknown)
        response = visitor.ask(
            route, unknown=unknown, check=lambda response: told.append(index_after(visitor, response))
        )
        told[-1] = (response.status_code, response.headers.get("Location"), told[-1].replace(f"“{pk}”", "“…”"))
    assert told[0] == told[1]
    assert SECRET not in told[0][2]


def index_after(visitor, response) -> str:
    """What the administration says on the page that follows."""
    if response.status_code != 302:
        return response.body.decode()
    page = visitor.client.get(response.url).content.decode()
    return page[page.find("messagelist") : page.find("</ul>", page.find("messagelist"))]


def test_attack_29_no_list_and_no_form_takes_the_key_of_another_object(world, rf):
    for model, model_admin in MODELS.items():
        assert model_admin.list_editable == (), model
        request = rf.get("/")
        request.user = world.people["administrator"]
        if model_admin.has_change_permission(request):
            assert model._meta.pk.name not in model_admin.get_form(request).base_fields, model
            assert not model_admin.get_inline_instances(request), model


def test_attack_29_creators_have_no_form_there_at_all(world, rf):
    request = rf.get("/")
    request.user = world.people["creator"]
    for model, model_admin in MODELS.items():
        for one in (model_admin, *(inline(model, admin.site) for inline in model_admin.inlines)):
            if model in STUDIES:
                allowed = (
                    [one.has_add_permission(request, None)]
                    if one is not model_admin
                    else [one.has_add_permission(request)]
                )
                assert not any([*allowed, one.has_change_permission(request), one.has_delete_permission(request)]), one
            else:
                assert not one.has_view_or_change_permission(request), one


def test_attack_29_forged_rows_of_inlines_change_nothing(world):
    visitor = Visitor(world, "f_creator")
    own = Project.objects.get(creator=visitor.person)
    category, membership = world.objects["project"].categories.get(), world.objects["membership"]
    data = {"name": "Elsewhere", "action": "x", "_save": "Save"}
    for prefix, row in (("categories", category), ("memberships", membership), ("form", world.objects["project"])):
        data |= {f"{prefix}-{what}_FORMS": "1" for what in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
        data |= {
            f"{prefix}-0-id": row.pk,
            f"{prefix}-0-project": own.pk,
            f"{prefix}-0-DELETE": "on",
            f"{prefix}-0-name": "mine",
        }
    for address in (
        reverse("admin:projects_project_change", args=[own.pk]),
        reverse("admin:projects_project_changelist"),
    ):
        visitor.client.post(address, data)
    category.refresh_from_db()
    membership.refresh_from_db()
    assert category.project_id == membership.project_id == world.objects["project"].pk
    assert SECRET in category.name
    assert membership.removed_at is None


@pytest.mark.parametrize("part", ["annotator", "f_creator", "irb", "creator"])
def test_attack_30_autocomplete_offers_nothing_that_the_lists_do_not(world, part):
    visitor = Visitor(world, part)
    offered = set()
    for model, field in relations():
        query = {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field.name,
            "term": "",
        }
        response = visitor.client.get(AUTOCOMPLETE, query)
        assert response.status_code in (200, 302, 403), (model, field)
        if response.status_code == 200:
            offered.add(field.related_model)
            assert part in ("creator", "irb") or SECRET not in response.content.decode(), (model, field)
    theirs = {"creator": {*STUDIES}, "f_creator": {*STUDIES}, "irb": {Protocol, Registration}}
    assert offered <= theirs.get(part, set())


@pytest.mark.parametrize("part", ["creator", "f_creator"])
@pytest.mark.parametrize("model", STUDIES)
def test_attack_31_lists_of_creators_are_filtered_by_what_they_show_only(world, model, part):
    visitor = Visitor(world, part)
    changelist = ROUTES[name_of(model, "changelist")]
    allowed = MODELS[model].allowed_lookups
    for field in model._meta.get_fields():
        further = (
            [f"{field.name}__{one.name}" for one in field.related_model._meta.get_fields()] if field.is_relation else []
        )
        for path in (field.name, *further):
            for lookup in (path, f"{path}__startswith"):
                if lookup not in allowed:
                    response = visitor.ask(changelist, query=f"?{lookup}=1")
                    assert response.status_code in (302, 400), lookup


@pytest.mark.parametrize("part", ["irb", "powerful", "administrator"])
def test_attack_31_no_list_answers_questions_about_passwords(world, part):
    visitor = Visitor(world, part)
    for model in MODELS:
        people = [field.name for field in model._meta.get_fields() if field.related_model is User]
        for path in [*people, *(["password"] if model is User else [])]:
            lookup = path if path == "password" else f"{path}__password"
            response = visitor.ask(ROUTES[name_of(model, "changelist")], query=f"?{lookup}__startswith=md5")
            assert response.status_code in (302, 400, 403), (model, lookup)


@pytest.mark.parametrize("part", ["administrator", "powerful", "irb", "creator"])
def test_attack_32_nothing_is_deleted_but_a_group(world, part):
    visitor = Visitor(world, part)
    kept = {kind: one for kind, one in world.objects.items() if (kind, part) != ("group", "administrator")}

    def check(response):
        gone = [kind for kind, one in kept.items() if not type(one).objects.filter(pk=one.pk).exists()]
        assert gone == [], response.request["PATH_INFO"]

    for model in MODELS:
        for page, method in (("delete", "POST"), ("changelist", "action=delete_selected")):
            visitor.ask(
                ROUTES[name_of(model, page)],
                method,
                data={"select_across": "1"} if "=" in method else None,
                check=check,
            )


def test_attack_36_an_export_begins_by_post_only(world):
    visitor = Visitor(world, "creator")
    for model in (Project, Image):
        query = f"?action=download_masks&_selected_action={world.objects[model._meta.model_name].pk}&select_across=1"
        for method in ("GET", "HEAD"):
            response = visitor.ask(ROUTES[name_of(model, "changelist")], method, query=query)
            assert response.headers["Content-Type"].startswith("text/html")
            assert "Content-Disposition" not in response.headers
    assert visitor.ask(ROUTES["masks_export"], query=f"?project={world.objects['project'].pk}").status_code == 405


@pytest.mark.parametrize("part", ["irb", "administrator", "creator"])
def test_attack_13_the_administration_has_no_log_in_of_its_own(world, part):
    """One would know no limit of attempts, would ask for no acceptance, and the trail would not see it."""
    client = Client()
    client.force_login(world.people[part])
    events = AuditEvent.objects.count()
    response = client.post(reverse("admin:login"), {"username": "root", "password": PASSWORD, "next": "/admin/"})
    assert response.url == reverse("admin:index")
    assert client.session["_auth_user_id"] == str(world.people[part].pk)
    assert AuditEvent.objects.count() == events
    assert (
        Client()
        .post(reverse("admin:login"), {"username": "root", "password": PASSWORD})
        .url.startswith(reverse("account_login"))
    )


@pytest.mark.parametrize("part", ["irb", "administrator", "creator"])
def test_a_password_is_changed_on_the_page_that_records_it_only(world, part):
    client = Client()
    client.force_login(world.people[part])
    new = {"old_password": PASSWORD, "new_password1": "a quite new sentence", "new_password2": "a quite new sentence"}
    assert client.post(reverse("admin:password_change"), new).url == reverse("account_change_password")
    assert User.objects.get(pk=world.people[part].pk).check_password(PASSWORD)
