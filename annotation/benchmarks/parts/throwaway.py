"""A Labeler that nobody owns: benchmarks run on a database and stores of their own, which end with them."""

# ruff: noqa: S603  (running this very program again is one of the two things it is for)

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction

from accounts.models import IRB_STAFF, Grant, User
from annotation.benchmarks.parts.pictures import stored_phantom
from annotation.imaging.phantom import PHANTOM_CATEGORIES
from annotation.imaging.workers import THREAD_VARIABLES
from annotation.models import Annotation
from projects.ingest import ingest_image, place_images
from projects.models import Image
from projects.services import add_member, create_project

MARK = "BENCHMARK_DATA_DIR"  # in the environment of a process that may write: names its DATA_DIR
# TEST_DATABASE_URL names a server on which databases may be made, not a database of somebody's.
KEPT = (*THREAD_VARIABLES, "HOME", "LANG", "LC_ALL", "PATH", "TEST_DATABASE_URL", "TMPDIR", "VIRTUAL_ENV")
KEPT_BEGINNINGS = ("PYTHON", "NUMBA_", "PLAYWRIGHT_")
PATIENCE = ("INGEST_SECONDS", "SUPERPIXEL_SECONDS")  # kernels may have to be compiled first, on a busy machine


class NotThrowaway(RuntimeError):
    """The data could be somebody's, so nothing is written."""


def environment(folder: str, present: Mapping[str, str]) -> dict[str, str]:
    """Return what a process on data of its own may know of the present one: nothing that configures Labeler.

    Every library gets one thread, which some read when they are loaded.
    """
    kept = {name: value for name, value in present.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)}
    own = {"DATA_DIR": folder, MARK: folder, "LOG_LEVEL": "WARNING"}
    return kept | dict.fromkeys(THREAD_VARIABLES, "1") | dict.fromkeys(PATIENCE, "600") | own


def is_here() -> bool:
    return os.environ.get(MARK) == str(settings.DATA_DIR)


def run_again() -> int:
    """Run this very program on data of its own; return how it ended."""
    with tempfile.TemporaryDirectory(prefix="labeler-benchmark-") as folder:
        command = [sys.executable, *sys.orig_argv[1:]]
        with subprocess.Popen(command, env=environment(folder, os.environ)) as child:
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:  # Ctrl-C reached the child too, which tidies up
                    continue


@dataclass(frozen=True, slots=True)
class Workplace:
    """A member with an image to label."""

    member: User
    image: Image
    annotation: Annotation


def workplace(side: int, *, superpixels: dict | None = None, picture: bytes = b"") -> Workplace:
    """Take a picture, without one a phantom, into a new project with one annotator, all through people's doors."""
    if not is_here():
        raise NotThrowaway("Benchmarks that need a database run by the command, which makes one of their own.")
    call_command("migrate", verbosity=0, interactive=False)
    number = User.objects.count()
    with transaction.atomic():
        irb, creator, member = (
            User.objects.create(username=f"{name}{number}", email=f"{name}{number}@example.org")
            for name in ("irb", "creator", "member")
        )
        irb.groups.add(Group.objects.get_or_create(name=IRB_STAFF)[0])
        Grant.objects.create(user=creator, may_create_projects=True, granted_by=irb)
        Grant.objects.create(user=member, granted_by=irb)
        categories = [{"name": name, "color": color} for _, name, color in PHANTOM_CATEGORIES]
        project = create_project(
            creator=creator, name="Benchmark", description="", instructions="", categories=categories
        )
        if superpixels:
            project.superpixel_defaults = superpixels
            project.save(update_fields=["superpixel_defaults"])
    file = ContentFile(picture or stored_phantom(side), name="phantom.png")
    image = ingest_image(
        project=project, file=file, position=0, name="phantom.png", case="", um_per_px=None, by=creator
    )
    place_images(project=project, by=creator)
    membership = add_member(project=project, person=member, actor=creator)
    return Workplace(member, image, membership.annotations.get())
