"""What happens to projects and their members: each function does one thing whole and writes it into the audit trail."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts.audit import record
from accounts.models import Protocol, User
from annotation import assignment
from annotation.imaging.superpixels import Value
from annotation.models import Annotation
from projects.models import Category, Image, Membership, Project, new_key
from projects.permissions import Capability, what_ended


class Refused(Exception):
    """What was asked cannot be done; the message says why and what to do. `field` names the row it is about."""

    def __init__(self, sentence: str, *, field: str = "form"):
        super().__init__(sentence)
        self.field = field


class Stale(Refused):
    """Somebody else changed the project since the page was opened."""


@transaction.atomic
def create_project(
    *,
    creator: User,
    name: str,
    description: str,
    instructions: str,
    categories: list[dict],
    protocol: Protocol | None = None,
) -> Project:
    """Make a project with its creator as first member; categories get the values 1, 2, 3… in their order."""
    project = Project.objects.create(
        creator=creator, name=name, description=description, instructions=instructions, protocol=protocol
    )
    Membership.objects.create(project=project, user=creator, role=Membership.Role.CREATOR, added_by=creator)
    Category.objects.bulk_create(
        Category(project=project, value=value, position=value, name=row["name"], color=row["color"])
        for value, row in enumerate(categories, 1)
    )
    record("project created", project, actor=creator, new=name)
    return project


def fingerprint(project: Project) -> str:
    """What the edit page was opened with; a save of another state would undo somebody's change unseen."""
    categories = project.categories.values_list("value", "name", "color", "retired_at")
    state: list = [project.name, project.description, project.instructions, project.protocol_id]
    state += [project.label_every_pixel, project.smallest_region, project.smallest_region_unit]
    state += [[value, name, color, bool(retired)] for value, name, color, retired in categories]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


@transaction.atomic
def save_project(
    *,
    project: Project,
    actor: User,
    opened_with: str,
    texts: dict[str, Any],
    rules: dict[str, Any],
    categories: list[dict],
    images: list[dict],
) -> None:
    """Save what the edit page sent, all of it or nothing."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    _refuse_archived(project)
    if fingerprint(project) != opened_with:
        raise Stale(
            "The project was changed elsewhere since you opened this page. Reload it and make your change again."
        )
    _save_fields(project, actor, texts | rules)
    _save_categories(project, actor, categories)
    _save_images(project, actor, images)


def _refuse_archived(project: Project) -> None:
    if project.archived_at:
        raise Refused("This project is archived and cannot be changed any more.")


def _save_fields(project: Project, actor: User, fields: dict[str, Any]) -> None:
    changed = {field: value for field, value in fields.items() if getattr(project, field) != value}
    for field, value in changed.items():
        old, new = ("" if each is None else str(each) for each in (getattr(project, field), value))
        record("project changed", project, actor=actor, field=field, old=old, new=new)
    if "instructions" in changed:
        changed["instructions_version"] = F("instructions_version") + 1
    if changed:
        Project.objects.filter(pk=project.pk).update(**changed)


def _save_categories(project: Project, actor: User, rows: list[dict]) -> None:
    existing = {category.value: category for category in project.categories.all()}
    sent = [row["value"] for row in rows if row["value"]]
    if sorted(sent) != sorted(existing):
        raise Stale("The categories were changed elsewhere since you opened this page. Reload it and try again.")
    renamed = [existing[row["value"]].pk for row in rows if row["value"] and existing[row["value"]].name != row["name"]]
    for pk in renamed:
        # Two categories may swap their names; the constraint is checked row by row.
        Category.objects.filter(pk=pk).update(name=new_key())
    following = max(existing, default=0)
    for position, row in enumerate(rows, 1):
        if row["value"]:
            _save_category(existing[row["value"]], actor, row, position)
            continue
        following += 1
        if following > 254:
            raise Refused("A project can have at most 254 categories, retired ones included.", field="categories")
        category = Category.objects.create(
            project=project, value=following, position=position, name=row["name"], color=row["color"]
        )
        record("category added", category, actor=actor, new=f"{category.value} {category.name} {category.color}")


def _save_category(category: Category, actor: User, row: dict, position: int) -> None:
    for field in ("name", "color"):
        if getattr(category, field) != row[field]:
            record("category changed", category, actor=actor, field=field, old=getattr(category, field), new=row[field])
            setattr(category, field, row[field])
    if row["retired"] != bool(category.retired_at):
        category.retired_at = timezone.now() if row["retired"] else None
        record("category retired" if row["retired"] else "category revived", category, actor=actor)
    category.position = position
    category.save()


def _save_images(project: Project, actor: User, rows: list[dict]) -> None:
    images = {image.pk: image for image in project.images.all()} if rows else {}
    for index, row in enumerate(rows):
        image = images.get(row["id"])
        if image is None:
            raise Stale("One of the images is not in this project. Reload the page and try again.")
        facts = {"case": row["case"], "um_per_px": row["um_per_px"]}
        changed = {field: value for field, value in facts.items() if getattr(image, field) != value}
        if not changed:
            continue
        labelled = Annotation.objects.filter(image=image, head__gt=0)
        if not Image.objects.filter(pk=image.pk).exclude(pk__in=labelled.values("image")).update(**changed):
            raise Refused("Labelling has begun, so case and µm/px are fixed.", field=f"images.{index}")
        for field, value in changed.items():
            old = getattr(image, field)
            record("image changed", image, actor=actor, field=field, old=str(old or ""), new=str(value or ""))


@transaction.atomic
def save_superpixel_default(*, project: Project, actor: User, algorithm: str, values: dict[str, Value]) -> None:
    """Choose the superpixels that people start with; `values` are all parameters of the algorithm, checked."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    _refuse_archived(project)
    old, new = project.superpixel_defaults, {"algorithm": algorithm, algorithm: values}
    if old == new:
        return
    texts = {"old": json.dumps(old) if old else "", "new": json.dumps(new)}
    record("project changed", project, actor=actor, field="superpixel_defaults", **texts)
    Project.objects.filter(pk=project.pk).update(superpixel_defaults=new)


def find_person(name: str) -> User:
    """Who goes by this username or e-mail and may become a member; `Refused` says why not."""
    name = name.strip().lower()
    if not name:
        raise Refused("Write the username or the e-mail address of the person.")
    # A username may look like somebody else's e-mail address; an address means its owner.
    person = User.objects.filter(**{"email" if "@" in name else "username": name}).first()
    if person is None:
        raise Refused("Nobody here goes by that name or e-mail. Check the spelling, or ask the person to register.")
    if person.is_irb_staff:
        raise Refused(f"{person.username} is IRB staff, who never see images, and so cannot be a member.")
    if not person.may_label:
        raise Refused(f"{person.username} is not approved at present. Add them once IRB staff have approved them.")
    return person


@transaction.atomic
def add_member(*, project: Project, person: User, actor: User) -> Membership:
    """Make `person` an annotator with work on every image; one who was a member before finds their work again."""
    ended = what_ended(person, project)
    if ended and Capability.SEE in ended.takes:
        raise Refused(
            f"{person.username} is not approved for IRB protocol {project.protocol}. Ask IRB staff, then add them."
        )
    _refuse_archived(Project.objects.select_for_update().get(pk=project.pk))
    membership, created = Membership.objects.get_or_create(project=project, user=person, defaults={"added_by": actor})
    if not created:
        revived = Membership.objects.filter(pk=membership.pk, removed_at__isnull=False).update(
            removed_at=None, role=Membership.Role.ANNOTATOR, added_by=actor, added_at=timezone.now()
        )
        if not revived:
            raise Refused(f"{person.username} is a member of this project already.")
        membership.refresh_from_db()
    assignment.assign(membership)
    record("member added" if created else "member added again", membership, actor=actor, new=person.username)
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, actor: User) -> bool:
    """End a membership and keep its work. False when it had ended already."""
    if membership.role == Membership.Role.CREATOR:
        raise Refused("The creator of a project cannot be removed from it.")
    removed = Membership.objects.filter(pk=membership.pk, removed_at=None).update(removed_at=timezone.now())
    if removed:
        record("member removed", membership, actor=actor, old=membership.user.username)
    return bool(removed)


@transaction.atomic
def archive_project(*, project: Project, actor: User) -> bool:
    """Take a project out of everybody's lists; nothing is destroyed. False when it was archived already."""
    archived = Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=timezone.now())
    if archived:
        record("project archived", project, actor=actor)
    return bool(archived)


@transaction.atomic
def revive_project(*, project: Project, actor: User) -> bool:
    """Bring an archived project back as it was. False when it was not archived."""
    revived = Project.objects.filter(pk=project.pk, archived_at__isnull=False).update(archived_at=None)
    if revived:
        record("project brought back", project, actor=actor)
    return bool(revived)


def next_position(project: Project) -> int:
    """The first position behind every image of the project, those that wait for their place included."""
    last = project.images.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
