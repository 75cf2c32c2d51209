"""`manage.py demo`: people of every role and a project with tissue, for somebody who wants to look around."""

import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from django.contrib.auth.models import Group
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from natsort import natsorted, ns
from PIL import Image as PillowImage

from accounts.audit import record
from accounts.data_use import data_use_text
from accounts.models import IRB_STAFF, Grant, Protocol, Registration, User
from accounts.services import submit_registration
from annotation import workers
from annotation.imaging.phantom import PHANTOM_CATEGORIES, tissue_phantom
from projects.ingest import IngestError, ingest_image, place_images
from projects.models import Project
from projects.services import add_member, create_project

DOMAIN = "demo.example"
PHANTOMS = [(640, 800, seed) for seed in (1, 2, 3, 4)]  # rows, columns, seed
PROTOCOL = {"number": "2026-0117", "title": "Glands of the colon", "principal_investigator": "Carla Moreno"}
INSTRUCTIONS = """Label every pixel with the tissue you see.

Epithelium: the cells that line a gland. Stroma: the tissue between glands. Lumen: the hollow of a gland.
Nuclei: any nucleus, whichever tissue it lies in. Background: bare glass.

Leave unlabelled what you cannot decide."""


@dataclass(frozen=True)
class Person:
    role: str
    username: str
    full_name: str

    @property
    def email(self) -> str:
        return f"{self.username}@{DOMAIN}"


ADMINISTRATOR = Person("Administrator", "admin", "Alex Adler")
IRB = Person("IRB staff", "irb", "Iris Boateng")
CREATOR = Person("Creator of the project", "carla", "Carla Moreno")
ANNOTATORS = [Person("Annotator", "anna", "Anna Lindqvist"), Person("Annotator", "ben", "Ben Okafor")]
PENDING = Person("Registration pending", "petra", "Petra Novak")
CAST = [ADMINISTRATOR, IRB, CREATOR, *ANNOTATORS, PENDING]


def readable_password() -> str:
    """Nine syllables that can be typed off a screen: 55 bits."""
    syllables = [secrets.choice("bdfghjklmnprstvz") + secrets.choice("aeiou") for _ in range(9)]
    return "-".join("".join(syllables[start : start + 3]) for start in (0, 3, 6))


# --- People ----------------------------------------------------------------------------------------------------------


def make_people(passwords: dict[str, str]) -> dict[str, User]:
    """Everybody of the cast, with the rights that their role has."""
    people = {}
    for person in CAST:
        user = User(username=person.username, email=person.email, full_name=person.full_name, affiliation="Demo")
        user.is_superuser = person == ADMINISTRATOR
        user.is_staff = person in (ADMINISTRATOR, IRB)
        user.data_use_version, user.data_use_accepted_at = data_use_text().version, timezone.now()
        user.set_password(passwords[person.username])
        user.save()
        people[person.username] = user
    people[IRB.username].groups.add(Group.objects.get(name=IRB_STAFF))
    protocol = Protocol.objects.create(**PROTOCOL, expires_on=timezone.localdate() + timedelta(days=365))
    record("protocol added", protocol, actor=None, new=protocol.number)
    for person in [CREATOR, *ANNOTATORS]:
        approve(people[person.username], by=people[IRB.username], creates=person == CREATOR, protocol=protocol)
    submit_registration(
        user=people[PENDING.username],
        purpose=Registration.Purpose.ANNOTATE,
        reason="I am a resident in pathology and would like to help with the gland study.",
        protocol_number=PROTOCOL["number"],
    )
    return people


def approve(user: User, *, by: User, creates: bool, protocol: Protocol) -> None:
    """An approved registration and its grant. Not through the queue's service: that would send an e-mail."""
    purpose = Registration.Purpose.CREATE if creates else Registration.Purpose.ANNOTATE
    registration = Registration.objects.create(
        user=user,
        purpose=purpose,
        reason="Part of the demo.",
        status=Registration.Status.APPROVED,
        decided_at=timezone.now(),
        decided_by=by,
    )
    grant = Grant.objects.create(user=user, may_create_projects=creates, granted_by=by, registration=registration)
    grant.protocols.add(protocol)
    record("grant written", grant, actor=by, new=grant.in_words(), reason="Part of the demo.")


# --- Images ----------------------------------------------------------------------------------------------------------


def png(name: str, pixels: np.ndarray) -> ContentFile:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG")
    return ContentFile(buffer.getvalue(), name=name)


def demo_images() -> Iterator[File]:
    """Real tissue that ships inside scikit-image, and tissue phantoms."""
    tissue = skimage.data.immunohistochemistry()
    yield png("ihc-tissue.png", tissue)
    yield png("ihc-tissue-upper-left.png", tissue[:256, :256])
    yield png("ihc-tissue-lower-right.png", tissue[256:, 256:])
    for rows, cols, seed in PHANTOMS:
        image, _ = tissue_phantom(rows, cols, seed)
        yield png(f"phantom-{seed}.png", image)


def images_of(folder: Path) -> Iterator[File]:
    """The files of a folder by natural order of their names; hidden ones are left out."""
    try:
        paths = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except OSError as error:
        raise CommandError(f"The folder of images cannot be read: {folder} ({error.strerror}).") from error
    for path in natsorted(paths, key=lambda path: path.name, alg=ns.IGNORECASE):
        with path.open("rb") as opened:
            yield File(opened, name=path.name)


class Command(BaseCommand):
    help = "Fill an empty database with people of every role and a project with images."

    def add_arguments(self, parser):
        parser.add_argument("--images", metavar="FOLDER", help="the images of a folder instead of the demo's own")
        parser.add_argument("--new-passwords", action="store_true", help="give the people of the demo new passwords")

    def handle(self, *, images, new_passwords, **options):
        if new_passwords:
            self.renew_passwords()
        elif User.objects.exists():
            self.stdout.write("The database has people in it already, so the demo changed nothing.")
        else:
            self.fill(Path(images) if images else None)

    def fill(self, folder: Path | None) -> None:
        """Everything or nothing: a demo that was interrupted is made anew by the next start."""
        self.stdout.write("Filling the empty database with the demo …")
        self.stdout.flush()
        passwords = {person.username: readable_password() for person in CAST}
        workers.wait_until_ready()  # or the first image could be refused while they start
        with transaction.atomic():
            people = make_people(passwords)
            creator = people[CREATOR.username]
            project = create_project(
                creator=creator,
                name=f"Images of {folder.resolve().name}" if folder else "Demo: glands",
                description="Made by the demo.",
                instructions=INSTRUCTIONS,
                protocol=Protocol.objects.get(number=PROTOCOL["number"]),
                categories=[{"name": name, "color": color} for _, name, color in PHANTOM_CATEGORIES],
            )
            self.add_images(project, images_of(folder) if folder else demo_images(), creator)
            for annotator in ANNOTATORS:
                add_member(project=project, person=people[annotator.username], actor=creator)
        self.print_passwords(passwords)

    def add_images(self, project: Project, files: Iterator[File], creator: User) -> None:
        """Through the same door as any upload; a file that is refused is named and left out."""
        taken = 0
        for position, file in enumerate(files):
            try:
                facts: dict[str, Any] = {"position": position, "name": str(file.name), "case": "", "um_per_px": None}
                ingest_image(project=project, file=file, by=creator, **facts)
                taken += 1
            except IngestError as error:
                self.stdout.write(f"  left out: {file.name}: {error}")
        if not taken:
            raise CommandError("No image could be used, so nothing was made.")
        place_images(project=project, by=creator)
        self.stdout.write(f"  {taken} images in the project “{project}”")

    def renew_passwords(self) -> None:
        passwords = {}
        for person in CAST:
            user = User.objects.filter(username=person.username, email=person.email).first()
            if user is None:
                continue
            passwords[person.username] = readable_password()
            user.set_password(passwords[person.username])
            user.save(update_fields=["password"])
            record("password renewed for the demo", user, actor=None)
        if not passwords:
            raise CommandError("There are no people of the demo in this database.")
        self.print_passwords(passwords)

    def print_passwords(self, passwords: dict[str, str]) -> None:
        self.stdout.write("\nThese passwords are shown only this once:\n\n")
        self.stdout.write(f"  {'role':24}{'username':10}password\n")
        for person in CAST:
            if person.username in passwords:
                self.stdout.write(f"  {person.role:24}{person.username:10}{passwords[person.username]}\n")
        self.stdout.write("\nNew ones: .venv/bin/python manage.py demo --new-passwords\n")
        self.stdout.flush()
