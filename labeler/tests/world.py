"""A small installation: a cast of people, a study whose every text is secret and an attack, and a stranger's study.

`Visitor` is one of the cast, who asks for any address; whatever that changes is taken back.
"""

import re
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from accounts.audit import record
from accounts.tests.factories import ProtocolFactory, UserFactory
from annotation.assignment import assign
from annotation.models import Annotation
from annotation.tests.painting import label_tile, save_form
from labeler.tests.routes import Route
from projects.models import Membership
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

SECRET = "Qsecretq"  # in every text of the study, and nowhere else
EVIL = SECRET + "\"'><script>alert(1)</script>{{ 'templated'|upper }}<img src=x onerror=alert(2)>"
UNKNOWN = 10**6
WRITES = re.compile(r'(INSERT|UPDATE|DELETE)(?! (INTO |FROM )?"django_session")')
MEMBERS = ("annotator", "fellow", "reviewer", "creator")
ELSEWHERE = ("f_annotator", "f_reviewer", "f_creator")  # of the stranger's project
STRANGERS = ("anonymous", "pending", "deactivated", "outsider", "removed", *ELSEWHERE)
CAST = (*STRANGERS[:5], "irb", "powerful", "administrator", *MEMBERS, *ELSEWHERE)


def read_matrix(path: Path) -> dict[tuple[str, str], dict[str, int]]:
    """{(name of the address, method or action): {part: status}}, of the lines that are neither empty nor a comment."""
    lines = [line.replace("|", " ").split() for line in path.read_text().splitlines() if line and line[0] != "#"]
    (_, _, *parts), *lines = lines
    assert tuple(parts) == CAST
    found = {}
    for name, methods, *cells in lines:
        for method in methods.split(","):
            assert (name, method) not in found, f"{name} {method} stands there twice"
            found[name, method] = dict(zip(parts, map(int, cells), strict=True))
    return found


MATRIX = read_matrix(Path(__file__).with_name("permission_matrix.txt"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    written: tuple[str, ...]  # what was changed in the database, but for sessions

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def make_world() -> SimpleNamespace:
    """`people` by their part, and `objects` by the kind that addresses name."""
    protocol = ProtocolFactory(number=f"{SECRET}-7", title=EVIL, principal_investigator=EVIL, notes=EVIL)
    people = make_people(protocol)
    texts = {"description": EVIL, "instructions": EVIL}
    project = ProjectFactory(creator=people["creator"], name=EVIL[:120], protocol=protocol, **texts)
    CategoryFactory(project=project, value=1, name=EVIL[:80], description=EVIL)
    image = ImageFactory(project=project, position=0, name=EVIL, case=EVIL[:60], ingest_report=[EVIL])
    wide = ImageFactory(project=project, position=1, name=f"{SECRET}.png", pixels=np.zeros((3, 2049, 3), np.uint8))
    members = {name: MembershipFactory(project=project, user=people[name]) for name in ("annotator", "fellow")}
    MembershipFactory(project=project, user=people["reviewer"], role=Membership.Role.REVIEWER)
    MembershipFactory(project=project, user=people["deactivated"])
    MembershipFactory(project=project, user=people["removed"], removed_at=timezone.now())
    for membership in members.values():
        assign(membership)
    annotation = members["annotator"].annotations.get(image=image)
    annotation.comment = EVIL
    annotation.save()
    members["fellow"].annotations.filter(image=image).update(
        state=Annotation.State.CANNOT_BE_LABELLED, cannot_reason="artefact", comment=EVIL
    )
    elsewhere = ProjectFactory(creator=people["f_creator"], name="Elsewhere")
    ImageFactory(project=elsewhere, name="elsewhere.png")
    MembershipFactory(project=elsewhere, user=people["f_annotator"])
    MembershipFactory(project=elsewhere, user=people["f_reviewer"], role=Membership.Role.REVIEWER)
    LogEntry.objects.create(
        user=people["creator"],
        content_type=ContentType.objects.get_for_model(project),
        object_id=project.pk,
        object_repr=EVIL,
        action_flag=CHANGE,
        change_message=EVIL,
    )
    registration = people["asking"].registrations.get()
    objects = {
        "project": project,
        "image": image,
        "wide": wide,
        "annotation": annotation,
        "membership": members["fellow"],
        "access": members["fellow"],
        "user": people["asking"],
        "registration": registration,
        "grant": people["annotator"].grants.get(),
        "protocol": protocol,
        "auditevent": record("project changed", project, actor=people["creator"], old=EVIL, new=EVIL, reason=EVIL),
        "group": Group.objects.create(name=EVIL[:150]),
        "dbtaskresult": DBTaskResult.objects.create(
            args_kwargs={"args": [EVIL], "kwargs": {}},
            task_path="projects.tasks.make_tiles",
            backend_name="default",
            run_after=get_date_max(),
            exception_class_path="",
            traceback=EVIL,
        ),
    }
    return SimpleNamespace(people=people, objects=objects)


def make_people(protocol) -> dict:
    people: dict = {"anonymous": None, "pending": UserFactory(username="petra", registration=True)}
    people["deactivated"] = UserFactory(username="dora", is_active=False, grant=True)
    people["outsider"] = UserFactory(username="otto", grant=True)
    people["removed"] = UserFactory(username="remo", grant=True)
    people["irb"] = UserFactory(username="irene", irb_staff=True)
    # Staff with every permission there is, given by hand, yet no superuser.
    people["powerful"] = UserFactory(username="paul", is_staff=True, grant=True)
    people["powerful"].user_permissions.set(Permission.objects.all())
    people["administrator"] = UserFactory(username="root", is_staff=True, is_superuser=True)
    for name in (*MEMBERS, *ELSEWHERE):
        inside = {"full_name": EVIL[:150], "affiliation": EVIL} if name in MEMBERS else {}
        username = f"{SECRET.lower()}-{name}" if name in MEMBERS else name
        people[name] = UserFactory(username=username, grant__may_create_projects="creator" in name, **inside)
    for name in (*MEMBERS, "removed", "deactivated"):
        people[name].grants.get().protocols.set([protocol])
    people["asking"] = UserFactory(username=f"{SECRET.lower()}-asking", full_name=EVIL[:150], registration__reason=EVIL)
    return people


class Visitor:
    """One of the cast with a browser, who asks for addresses; what an answer changed is taken back each time."""

    def __init__(self, world: SimpleNamespace, part: str, **options):
        self.world, self.part, self.person = world, part, world.people[part]
        self.client = Client(**options)
        if self.person:
            self.client.force_login(self.person)
        self.cookies = {name: cookie.value for name, cookie in self.client.cookies.items()}

    def ask(
        self,
        route: Route,
        method: str = "GET",
        *,
        unknown: bool = False,
        query: str = "",
        data=None,
        check=None,
        **headers,
    ):
        """`method` is one of HTTP, or `action=…` for an action of the administration; `unknown` asks for what is not
        there in the place of every object; `check` sees the answer before its changes are taken back."""
        path = route.path(lambda parameter: self.value(route, parameter, unknown))
        objects = self.world.objects
        if method.startswith("action="):
            pk = UNKNOWN if unknown else self.object(route).pk
            data = {"action": method.removeprefix("action="), "_selected_action": [pk], "post": "yes"} | (data or {})
            method = "POST"
        elif method == "POST" and data is None:
            data = form(route.name, objects, unknown)
        if route.name in ("revisions", "revision_restore"):
            headers = {"If-Match": '"0"', "Idempotency-Key": str(uuid.uuid4())} | headers
        with transaction.atomic():
            send = getattr(self.client, method.lower())
            body = {} if method == "TRACE" or data is None else {"data": data}
            written: list[str] = []
            with connection.execute_wrapper(partial(note_writing, written)):
                response = send(path + query, headers=headers, **body)
                response.body = response.getvalue()
            response.written = tuple(written)
            if check:
                check(response)
            transaction.set_rollback(True)
        self.client.cookies.clear()
        for name, value in self.cookies.items():
            self.client.cookies[name] = value
        return response

    def object(self, route: Route):
        """What an address of the administration is about."""
        return self.world.objects[route.template.split("/")[3]]

    def value(self, route: Route, parameter: str, unknown: bool):
        folder = route.template.split("/")[1]
        if parameter in ("pk", "membership_pk", "object_id", "id") and unknown:
            return uuid.UUID(int=0) if "dbtaskresult" in route.template else UNKNOWN
        match parameter:
            case "pk" if route.name == "signed_in":
                return self.world.people["annotator"].pk
            case "pk":
                kind = {"projects": "project", "images": "image", "annotations": "annotation"}[folder]
                return self.world.objects["wide" if route.name == "image_tile" else kind].pk
            case "membership_pk":
                return self.world.objects["membership"].pk
            case "object_id" if route.name == "admin:view_on_site":
                return self.world.objects["project"].pk
            case "content_type_id":
                return ContentType.objects.get_for_model(self.world.objects["project"]).pk
            case "object_id" | "id":
                return self.object(route).pk
            case "algorithm":
                return "watershed"
            case "level":
                return 12
            case "plane" | "column" | "row" | "number" | "first" | "second":
                return 0
        return None


def note_writing(written: list[str], execute, sql, *args):
    if WRITES.match(sql):
        written.append(sql)
    return execute(sql, *args)


def form(name: str, objects: dict, unknown: bool) -> dict:
    """What a form that is filled in rightly sends, where an empty one would not come as far as the right to send it."""
    return {
        "revisions": save_form({(0, 0, 0): None}),
        "cannot_label": {"reason": "artefact"},
        "annotation_return": {"comment": "again"},
        "annotation_fit": {"x": 0, "y": 0, "tile": label_tile(np.zeros((512, 512), np.uint8))},
        "masks_export": {"project": UNKNOWN if unknown else objects["project"].pk, "checkpoints": "on"},
    }.get(name, {"post": "yes"} if name.endswith("_delete") else {})
