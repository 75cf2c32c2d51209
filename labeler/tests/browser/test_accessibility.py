"""No page of the application stands in the way of assistive technology: axe looks at each, light and dark.

The pages are found by asking every address there is. One that is neither looked at nor named in NO_PAGES fails here,
as does a template of a page that nobody saw.
"""

import re
from itertools import groupby
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.audit import record
from accounts.models import Protocol, Registration
from accounts.tests.test_gate import ADDRESSES, PUBLIC
from annotation.assignment import assign
from annotation.imaging.phantom import tissue_phantom
from annotation.models import Annotation
from labeler.tests.browser.people import Editor
from projects.tests.factories import ImageFactory, MembershipFactory

NO_PAGES = {
    "the browser shows it as a picture": {
        "image_pixels",
        "image_thumbnail",
        "image_tile",
        "revision_preview",
        "superpixels",
    },
    "read by the page that asks for it, never shown": {
        "labels_load",
        "revisions",
        "revisions_compare",
        "revisions_difference",
        "superpixel_tree",
        "admin:autocomplete",
        "admin:jsi18n",
    },
    "posted to only; what it answers leads to another page or is read by one": {
        "annotation_fit",
        "annotation_intended",
        "annotation_return",
        "cannot_label",
        "image_upload",
        "images_place",
        "masks_export",
        "member_add",
        "member_remove",
        "admin:accounts_access_csv",
        "confirmation_send",
        "project_archive",
        "project_revive",
        "revision_restore",
        "superpixel_default",
        "admin:logout",
    },
    "leads on to another page": {
        "label_next",
        "account_set_password",
        "account_confirm_login_code",
        "admin:login",
        "admin:password_change",
        "admin:password_change_done",
        "admin:view_on_site",
        *(name for name, _ in ADDRESSES if name.startswith("/")),  # which have no name
    },
    "switched off": {"account_email"},
}
# Templates that others are made of, and the page for people without a password, whom nobody can make.
PARTS = (
    "includes/",
    "allauth/",
    "base.html",
    "admin/base_site.html",
    "accounts/entrance.html",
    "account/password_set.html",
)
LOOK = """async (options) => {
  // The icons beside the admin's filtered lists are Django's, and nothing a style sheet could mend.
  const found = (await axe.run({ exclude: [".search-label-icon"] }, options)).violations;
  for (const dialog of document.querySelectorAll("dialog:not([open])")) {
    dialog.showModal();
    found.push(...(await axe.run(dialog, options)).violations);
    dialog.close();
  }
  return found;
}"""


@pytest.fixture
def cast(project, creator, annotator, pending, irb_staff, administrator):
    """Everybody, with work for the creator, and something in every list of the administration."""
    ImageFactory(project=project, name="field-1.png", pixels=tissue_phantom(300, 400, seed=2)[0])
    MembershipFactory(project=project, user=annotator)
    assign(project.memberships.get(user=creator))
    record("project made", project, actor=creator)
    Protocol.objects.create(number="2026-0117", title="Glands", principal_investigator="Ines Vestigator")
    DBTaskResult.objects.create(task_path="projects.tasks.prepare", args_kwargs={}, run_after=timezone.now())
    return creator, annotator, pending, irb_staff, administrator


def visitor(name: str) -> str | None:
    """The person of the cast whom an address is for."""
    if name in PUBLIC - {"account_logout"}:
        return None
    if name.startswith("admin:"):
        return "root"
    return "petra" if name == "registration" else "carla"


def addresses() -> dict[str, str]:
    """Every address by its name, of something that exists."""
    annotation = Annotation.objects.get()
    given = {
        "project_edit": [annotation.image.project_id],
        "project_trail": [annotation.image.project_id],
        "image_trail": [annotation.image_id],
        "editor": [annotation.pk],
        "superpixel_compare": [annotation.image_id, "slic"],
        "admin:app_list": ["accounts"],
        "admin:auth_user_password_change": [annotation.member.user_id],
    }
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        given |= {f"{name}_{what}": [model.objects.latest("pk").pk] for what in ("change", "delete", "history")}
    return dict(ADDRESSES) | {name: reverse(name, args=args) for name, args in given.items()}


class Visitors:
    """The cast, each before the same browser in turn."""

    def __init__(self, page, live_server, people):
        page.set_default_timeout(60_000)  # axe keeps a small machine busy
        self.page, self.people = page, {person.username: person for person in people}
        self.url = live_server.url
        self.violations: list[str] = []

    def client(self, who: str | None, **options) -> Client:
        client = Client(raise_request_exception=False, **options)
        if who:
            client.force_login(self.people[who])
        return client

    def sit_down(self, who: str | None) -> Client:
        client = self.client(who)
        self.page.context.clear_cookies()
        cookies = [{"name": name, "value": one.value, "url": self.url} for name, one in client.cookies.items()]
        self.page.context.add_cookies(cookies)
        return client

    def visit(self, path: str) -> None:
        self.page.goto(self.url + path)
        if self.page.locator("#editor").count():
            Editor(self.page).wait_until_open("field-1.png")
        self.look(path)

    def show(self, response) -> None:
        """Look at an answer to something else than a visit."""
        path = f"{self.url}/shown/{response.status_code}/"
        headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
        self.page.route(path, lambda route: route.fulfill(headers=headers, body=response.content))
        self.page.goto(path)
        self.look(f"{response.wsgi_request.method} {response.wsgi_request.path}")
        self.page.unroute(path)

    def look(self, where: str) -> None:
        self.page.evaluate(Axe().axe_script)
        # Nothing but colours depends on light and dark.
        for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for found in self.page.evaluate(LOOK, {"resultTypes": ["violations"], "preload": False} | rules):
                nodes = [f"  {node['html'][:200]}\n    {node['failureSummary']}" for node in found["nodes"]]
                self.violations.append("\n".join([f"{where}, {scheme}: {found['id']}: {found['help']}", *nodes]))
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def visitors(page, live_server, cast):
    return Visitors(page, live_server, cast)


@pytest.fixture
def seen():
    """The names of the templates that were rendered."""
    names = set()

    def note(template, **kwargs):
        names.add(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


def opens(response) -> bool:
    return response.status_code == 200 and response["Content-Type"].startswith("text/html")


def refusals(visitors, settings, monkeypatch):
    """Answers with a page that no address has to itself."""
    anybody, carla, irene = visitors.client(None), visitors.client("carla"), visitors.client("irene")
    yield carla.get("/nowhere/")
    yield visitors.client("anna").get(reverse("project_new"))
    yield visitors.client(None, enforce_csrf_checks=True).post(reverse("account_login"))
    yield carla.post(reverse("masks_export"))
    yield carla.post(reverse("masks_export"), {"project": Annotation.objects.get().image.project_id})
    chosen = [registration.pk for registration in Registration.objects.all()]
    for action in ("approve", "decline"):
        queue = reverse("admin:accounts_registration_changelist")
        yield irene.post(queue, {"action": action, "_selected_action": chosen})
    anybody.post(reverse("account_reset_password"), {"email": "carla@example.org"})
    link = re.search(r"http://\S+", mail.outbox[-1].body).group()
    yield anybody.get(urlsplit(link).path, follow=True)
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    for _ in range(2):
        answer = anybody.post(reverse("account_login"), {"login": "x", "password": "y"})
    yield answer
    for error in (OperationalError(), ZeroDivisionError()):
        monkeypatch.setattr("projects.views.home_page", Mock(side_effect=error))
        yield carla.get(reverse("home"))


@pytest.mark.usefixtures("warm_worker")
def test_nothing_stands_in_the_way_of_assistive_technology(visitors, seen, settings, monkeypatch):
    closed, paths = {}, addresses()
    names = {name for name, _ in ADDRESSES} - set().union(*NO_PAGES.values())
    for who, group in groupby(sorted(names, key=lambda name: visitor(name) or ""), visitor):
        client = visitors.sit_down(who)
        for name in group:
            answer = client.get(paths[name])
            if opens(answer):
                visitors.visit(paths[name])
            elif answer.status_code != 403 or not name.endswith(("_add", "_delete")):  # nobody may, of most things
                closed[name] = answer.status_code
    for who, name in (("anna", "home"), ("anna", "registration"), ("irene", "admin:index")):
        visitors.sit_down(who)
        visitors.visit(paths[name])
    for answer in refusals(visitors, settings, monkeypatch):
        visitors.show(answer)
    assert not closed, "What are these? Name those that are no pages in NO_PAGES."
    templates = settings.BASE_DIR / "templates"
    pages = {str(path.relative_to(templates)) for path in templates.rglob("*.html")}
    assert not {page for page in pages - seen if "/includes/" not in page and not page.startswith(PARTS)}
    assert not visitors.violations, "\n".join(visitors.violations)


def test_what_is_no_page_exists():
    assert set().union(*NO_PAGES.values()) <= {name for name, _ in ADDRESSES}
