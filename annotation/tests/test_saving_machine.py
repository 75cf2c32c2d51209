"""Hypothesis plays two members and a reviewer against the save protocol, with lost answers, crashes and a lost disk.

What it knows of every annotation is what was acknowledged; the server must know exactly that.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.models import User
from annotation import saving
from annotation.assignment import assign
from annotation.models import Annotation, LabelTile, Revision
from annotation.reading import StoredTile, read_blob
from annotation.tests.loading import load, unpack
from annotation.tests.painting import save_form, upon
from labeler.backup import making, restoring
from projects.models import Membership
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

SIDE = 700  # px: two by two tiles
PLACES = [(column, row) for column in (0, 1) for row in (0, 1)]
Labels = dict[tuple[int, int], tuple[int, int]]  # {place: (row, value) of its one line}


class Crash(BaseException):
    """The process ends here and now."""


def crash(*args, **kwargs):
    raise Crash


def tile(line: tuple[int, int]) -> np.ndarray:
    """A tile in which one row of 150 pixels has a value: it fits the edge tiles, too."""
    pixels = np.zeros((512, 512), np.uint8)
    pixels[line[0], :150] = line[1]
    return pixels


@dataclass
class Known:
    """An annotation as those who work on it know it: what was acknowledged, revision by revision."""

    pk: int
    member: User
    past: list[Labels] = field(default_factory=lambda: [{}])
    state: str = "waiting"
    last: tuple[dict, str, dict] | None = None  # headers, address and answer of the last save

    @property
    def head(self) -> int:
        return len(self.past) - 1

    @property
    def is_open(self) -> bool:
        return self.state in Annotation.OPEN


lines = st.one_of(st.none(), st.tuples(st.integers(0, 180), st.integers(1, 3)))
changes = st.dictionaries(st.sampled_from(PLACES), lines, min_size=1, max_size=3)
kinds = st.sampled_from(["autosave", "checkpoint", "ground_truth"])
accidents = st.sampled_from(["none", "none", "lost answer", "crash before the rows", "crash among the rows"])


class Saving(RuleBasedStateMachine):
    """The rules are what people and accidents do; `who` is the member whose annotation it is.

    Each game has a project of its own; what it leaves stays in the database until the test ends.
    """

    folder: Path  # for backups

    def __init__(self):
        super().__init__()
        project = ProjectFactory()
        for value in (1, 2, 3):
            CategoryFactory(project=project, value=value)
        self.image = ImageFactory(project=project, position=0, pixels=np.zeros((SIDE, SIDE, 3), np.uint8))
        self.reviewer = MembershipFactory(project=project, role=Membership.Role.REVIEWER).user
        self.stranger = MembershipFactory().user
        self.known = []
        for _ in range(2):
            membership = MembershipFactory(project=project)
            assign(membership)
            self.known.append(Known(membership.annotations.get().pk, membership.user))
        people = [known.member for known in self.known] + [self.reviewer, self.stranger]
        self.browsers = {person: Client() for person in people}
        for person, browser in self.browsers.items():
            browser.force_login(person)
        self.backup: Path | None = None
        self.at_backup: list[Known] = []

    def teardown(self):
        """Whatever was acknowledged is there bit by bit."""
        for known in self.known:
            for number, labels in enumerate(known.past):
                self.check_labels(known, number, labels)
        for row in self.tiles():
            read_blob(self.image, StoredTile(row.plane, row.column, row.row, row.blob))

    def tiles(self):
        return LabelTile.objects.filter(revision__annotation__image=self.image).exclude(blob=None)

    def blobs(self) -> set[str]:
        return set(storages["labels"].listdir(self.image.key)[1]) if self.tiles().exists() else set()

    def check_labels(self, known: Known, number: int, labels: Labels) -> None:
        header, tiles = unpack(load(self.browsers[self.reviewer], Annotation(pk=known.pk), revision=number))
        assert header["revision"] == number
        assert tiles.keys() == labels.keys()
        for place, line in labels.items():
            assert np.array_equal(tiles[place], tile(line))

    def post(self, person: User, address: str, form: dict, headers: dict):
        return self.browsers[person].post(address, form, headers=headers)

    def try_to(self, known: Known, address: str, make_form, after: Labels, kind: str, accident: str) -> None:
        """Send what leads to `after`, with an accident; then send it again until it is acknowledged."""
        headers = upon(known.head)
        if accident == "crash before the rows":
            with patch.object(saving, "commit", crash), suppress(Crash):
                self.post(known.member, address, make_form(), headers)
        elif accident == "crash among the rows":
            with patch.object(saving, "write_tiles", crash), suppress(Crash):
                self.post(known.member, address, make_form(), headers)
        elif accident == "lost answer":
            self.post(known.member, address, make_form(), headers)
        answer = self.post(known.member, address, make_form(), headers)
        if not known.is_open:
            assert answer.status_code == 409
            return
        assert answer.status_code == 200, answer.content
        told = json.loads(answer.content)
        known.past.append(after)
        assert told["revision"] == known.head
        if kind == "ground_truth":
            known.state = "submitted"
        elif known.state == "waiting":
            known.state = "in_progress"
        assert told["state"] == known.state
        known.last = (headers, address, {"form": make_form, "answer": answer.content})

    @rule(who=st.integers(0, 1), change=changes, kind=kinds, accident=accidents)
    def save(self, who, change, kind, accident):
        known = self.known[who]
        after = {place: line for place, line in (known.past[-1] | change).items() if line}
        tiles = {(0, *place): None if line is None else tile(line) for place, line in change.items()}
        address = reverse("revisions", args=[known.pk])
        self.try_to(known, address, lambda: save_form(tiles, kind), after, kind, accident)

    @rule(who=st.integers(0, 1), back=st.integers(0, 5), accident=st.sampled_from(["none", "lost answer"]))
    def restore(self, who, back, accident):
        known = self.known[who]
        number = max(0, known.head - back)
        address = reverse("revision_restore", args=[known.pk, number])
        self.try_to(known, address, dict, dict(known.past[number]), "restore", accident)

    @precondition(lambda self: any(known.last for known in self.known))
    @rule(who=st.integers(0, 1))
    def send_the_last_one_again(self, who):
        known = self.known[who]
        if known.last is None:
            return
        headers, address, sent = known.last
        again = self.post(known.member, address, sent["form"](), headers)
        assert (again.status_code, again.content) == (200, sent["answer"])

    @rule(who=st.integers(0, 1), change=changes, late=st.integers(1, 3))
    def save_upon_an_old_revision(self, who, change, late):
        known = self.known[who]
        tiles = {(0, *place): None if line is None else tile(line) for place, line in change.items()}
        if known.head < late:
            return
        address = reverse("revisions", args=[known.pk])
        answer = self.post(known.member, address, save_form(tiles), upon(known.head - late))
        assert answer.status_code == (412 if known.is_open else 409)
        if known.is_open:
            assert answer.json()["head"] == known.head

    @rule(who=st.integers(0, 1), change=changes)
    def save_into_the_work_of_the_other(self, who, change):
        known, other = self.known[who], self.known[1 - who].member
        tiles = {(0, *place): None if line is None else tile(line) for place, line in change.items()}
        for person, status in ((other, 404), (self.stranger, 404), (self.reviewer, 403)):
            answer = self.post(person, reverse("revisions", args=[known.pk]), save_form(tiles), upon(known.head))
            assert answer.status_code == status
        for person in (other, self.stranger):
            assert load(self.browsers[person], Annotation(pk=known.pk)).status_code == 404

    @rule(who=st.integers(0, 1))
    def give_back(self, who):
        known = self.known[who]
        address = reverse("annotation_return", args=[known.pk])
        self.browsers[self.reviewer].post(address, {"comment": "Please look again."})
        if known.state == "submitted":
            known.state = "returned"

    @precondition(lambda self: any(known.state == "returned" for known in self.known))
    @rule(change=changes, accident=accidents)
    def correct_what_was_returned(self, change, accident):
        who = [known.state for known in self.known].index("returned")
        self.save(who, change, "ground_truth", accident)

    @precondition(lambda self: not self.backup and any(known.head for known in self.known))
    @rule()
    def back_up(self):
        self.backup = self.folder / f"{self.image.pk}.tar"
        assert making.make(self.backup).missing == []
        self.at_backup = [replace(known, past=list(known.past)) for known in self.known]

    @precondition(lambda self: self.backup)
    @rule()
    def lose_the_disk_and_restore_the_backup(self):
        for name in self.blobs():
            storages["labels"].delete(f"{self.image.key}/{name}")
        restoring.restore(self.backup, replace=True)
        lost, self.known, self.backup = self.known, self.at_backup, None
        for before, now in zip(lost, self.known, strict=True):
            if now.is_open and before.head - now.head > 1:
                headers, address, sent = before.last
                lost_numbers = range(now.head + 1, before.head)
                of_a_lost_one = address in [reverse("revision_restore", args=[now.pk, each]) for each in lost_numbers]
                again = self.post(before.member, address, sent["form"](), headers)
                assert again.status_code == (404 if of_a_lost_one else 412)

    @invariant()
    def the_server_knows_what_was_acknowledged(self):
        for known in self.known:
            row = Annotation.objects.get(pk=known.pk)
            assert (row.head, row.state) == (known.head, known.state)
            numbers = Revision.objects.filter(annotation=row).order_by("number").values_list("number", "parent")
            assert list(numbers) == [(number, number - 1) for number in range(1, known.head + 1)]

    @invariant()
    def the_head_reads_as_it_was_saved(self):
        for known in self.known:
            self.check_labels(known, known.head, known.past[-1])

    @invariant()
    def every_blob_that_is_referred_to_is_there(self):
        assert set(self.tiles().values_list("blob", flat=True)) <= self.blobs()


def play(folder: Path, examples: int, steps: int) -> None:
    Saving.folder = folder
    run_state_machine_as_test(
        Saving,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        ),
    )


def test_whatever_people_and_accidents_do_the_server_knows_what_it_acknowledged(transactional_db, tmp_path):
    play(tmp_path, examples=12, steps=25)


@pytest.mark.soak
def test_the_server_knows_what_it_acknowledged_for_long(transactional_db, tmp_path):
    play(tmp_path, examples=400, steps=50)
