"""Every call of a store and every statement of the database fails in turn: nothing half-written, nothing lost.

Whatever fails, the answer is 503 with a sentence; what was acknowledged before is still there, and the same request
sent again succeeds without a restart.
"""

import io
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as PillowImage

from accounts.models import AuditEvent
from annotation.imaging.tiles import split
from annotation.models import Annotation, HeadTile, LabelTile, Revision
from annotation.tests.faults import FAULTS, database_fails, full, slow
from annotation.tests.loading import HEIGHT, WIDTH, load, whole
from annotation.tests.painting import save_form, upon
from annotation.tests.stored import stored
from projects.models import Image


def painted(number: int) -> np.ndarray:
    """Labels in two tiles, of each number other ones."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:20, 400:650] = 1
    labels[number % 500, 500:600] = 2 + number % 2
    return labels


@dataclass
class Answer:
    status: int
    body: bytes
    retry_after: str | None

    @property
    def ok(self) -> bool:
        return self.status < 300


@dataclass
class Work:
    """One member at work, what was acknowledged so far, and requests that may be sent again as they are."""

    client: Client
    creator: Client
    annotation: Annotation
    labels: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return max(self.labels, default=0)

    def post(self, client: Client, address: str, make_form: Callable[[], dict], **headers) -> Answer:
        """Post a form; a download that breaks off counts as a 503 without a word, and must not look whole."""
        response = client.post(address, make_form(), headers={"Accept": "application/json", **headers})
        if response.streaming:
            received = []
            try:
                received.extend(response.streaming_content)
            except Exception:
                assert not zipfile.is_zipfile(io.BytesIO(b"".join(received)))
                return Answer(503, b"", "5")
            return Answer(response.status_code, b"".join(received), None)
        return Answer(response.status_code, response.content, response.get("Retry-After"))

    def save(self, number: int, kind: str = "checkpoint") -> tuple[Callable[[], Answer], Callable[[Answer], None]]:
        labels = painted(number)
        tiles = {(0, *place): pixels for place, pixels in split(labels).items() if pixels.any()}
        address, headers = reverse("revisions", args=[self.annotation.pk]), upon(self.head)
        expected = self.head + 1

        def done(answer: Answer) -> None:
            assert json.loads(answer.body)["revision"] == expected
            self.labels[expected] = labels

        return lambda: self.post(self.client, address, lambda: save_form(tiles, kind), **headers), done

    def submit(self, number: int):
        Annotation.objects.filter(pk=self.annotation.pk, state="submitted").update(state="returned")
        return self.save(number, "ground_truth")

    def restore(self, number: int):
        if len(self.labels) < 2:
            for first in (1001, 1002):
                send, done = self.save(first)
                done(send())
        back = self.head - 1
        address, headers = reverse("revision_restore", args=[self.annotation.pk, back]), upon(self.head)
        expected = self.head + 1

        def done(answer: Answer) -> None:
            assert json.loads(answer.body)["revision"] == expected
            self.labels[expected] = self.labels[back]

        return lambda: self.post(self.client, address, dict, **headers), done

    def ingest(self, number: int):
        address = reverse("image_upload", args=[self.annotation.image.project_id])
        name = f"new-{number}.png"

        def form() -> dict:
            file = io.BytesIO()
            PillowImage.fromarray(np.full((30, 40, 3), number, np.uint8)).save(file, "PNG")
            return {"file": SimpleUploadedFile(name, file.getvalue(), "image/png"), "position": 0, "name": name}

        def done(answer: Answer) -> None:
            image = Image.objects.get(name=name)
            assert json.loads(answer.body)["id"] == image.pk
            assert image.pixels_name in stored("images")

        return lambda: self.post(self.creator, address, form), done

    def export(self, number: int):
        if not self.labels:
            send, done = self.save(1001)
            done(send())

        def done(answer: Answer) -> None:
            archive = zipfile.ZipFile(io.BytesIO(answer.body))
            with PillowImage.open(archive.open("Colon glands/anna/field-0.png")) as mask:
                assert np.array_equal(np.array(mask), self.labels[self.head])

        form = {"project": self.annotation.image.project_id, "checkpoints": "on"}
        return lambda: self.post(self.creator, reverse("masks_export"), lambda: form), done

    def check(self) -> None:
        """What was acknowledged is there bit by bit, and numbers have no gap."""
        self.annotation.refresh_from_db()
        assert self.annotation.head == self.head == self.annotation.revisions.count()
        expected = self.labels.get(self.head, np.zeros((HEIGHT, WIDTH), np.uint8))
        assert np.array_equal(whole(load(self.client, self.annotation)), expected)
        _, there = storages["labels"].listdir(self.annotation.image.key) if self.head else ((), ())
        assert {tile.blob for tile in LabelTile.objects.exclude(blob=None)} <= set(there)


SCENARIOS = ["save", "submit", "restore", "ingest", "export"]


def rows() -> list:
    """Everything that a failed request must leave as it was; a download that broke off did begin, and is audited."""
    return [
        list(Annotation.objects.order_by("pk").values_list("pk", "head", "state")),
        list(HeadTile.objects.order_by("pk").values_list("pk", "tile")),
        AuditEvent.objects.exclude(action="masks exported").count(),
        *(model.objects.count() for model in (Revision, LabelTile, Image)),
    ]


@pytest.fixture
def at_work(annotation, annotator, creator) -> Work:
    member, owner = Client(raise_request_exception=False), Client(raise_request_exception=False)
    member.force_login(annotator)
    owner.force_login(creator)
    return Work(member, owner, annotation)


def assert_passing(answer: Answer) -> None:
    assert (answer.status, answer.retry_after) == (503, "5")
    if answer.body:
        assert json.loads(answer.body)["error"].endswith("Try again soon.")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_call_of_a_store_may_fail(at_work, faulty_stores, scenario, fault):
    for nth in itertools.count(1):
        send, done = getattr(at_work, scenario)(nth)
        before = rows()
        with faulty_stores.at(nth, fault) as faults:
            answer = send()
        if not answer.ok:
            assert faults.fired
            assert_passing(answer)
            assert rows() == before
            answer = send()
        assert answer.ok, answer.body
        done(answer)
        at_work.check()
        if not faults.fired:
            break
    assert nth > 1, "the request called no store at all"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_store_that_stays_full_is_used_again_once_there_is_room(at_work, faulty_stores, scenario):
    send, done = getattr(at_work, scenario)(1)
    before = rows()
    with faulty_stores.at(1, full, lasting=True):
        for _ in range(2):
            assert_passing(send())
    assert rows() == before
    answer = send()
    assert answer.ok
    done(answer)
    at_work.check()


def test_a_slow_store_only_takes_longer(at_work, faulty_stores):
    send, done = at_work.save(1)
    with faulty_stores.at(1, slow, lasting=True):
        answer = send()
    assert answer.ok
    done(answer)
    at_work.check()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_statement_of_the_database_may_fail(at_work, monkeypatch, scenario, lasting):
    monkeypatch.setattr("annotation.saving.PAUSES", (0, 0))
    for nth in itertools.count(1):
        send, done = getattr(at_work, scenario)(nth)
        before = rows()
        with database_fails(nth, lasting=lasting) as statements:
            answer = send()
        if not answer.ok:
            assert_passing(answer)
            assert rows() == before
            answer = send()
        assert answer.ok, answer.body
        done(answer)
        at_work.check()
        if len(statements) < nth:
            break
    assert nth > 5


@pytest.mark.parametrize("name", ["home", "account_login", "project_new"])
@pytest.mark.parametrize("nth", [1, 2])
def test_pages_without_a_database_are_calm(at_work, name, nth):
    with database_fails(nth, lasting=True):
        response = at_work.creator.get(reverse(name))
    if response.status_code != 503:
        pytest.fail(f"{response.status_code}")
    assert response["Retry-After"] == "5"
    assert "What you saved before is safe" in response.content.decode()


def test_logging_in_without_a_database_is_calm(db):
    client = Client(raise_request_exception=False)
    with database_fails(1, lasting=True):
        response = client.post(reverse("account_login"), {"login": "x", "password": "y"})
    assert response.status_code == 503
    assert "Labeler is not available" in response.content.decode()


def test_a_mistake_of_ours_is_still_a_500(at_work, monkeypatch):
    monkeypatch.setattr("projects.views.render", lambda *args, **kwargs: 1 / 0)
    monkeypatch.setattr("annotation.views.render", lambda *args, **kwargs: 1 / 0)
    response = at_work.client.get(reverse("editor", args=[at_work.annotation.pk]))
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
