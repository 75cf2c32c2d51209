"""The cast of people that tests play with, and what every test shares."""

import logging
import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import TransactionTestCase

from accounts import guard
from accounts.models import AuditHead
from accounts.tests.factories import UserFactory
from annotation.tests.faults import faults
from projects.tests.factories import CategoryFactory, ProjectFactory

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data"
STORES = ("default", "images", "labels", "cache")

# Playwright's synchronous interface runs an event loop, which Django mistakes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session", autouse=True)
def trail_that_tests_may_empty():
    """A test with transactions of its own empties every table at its end, which the audit trail refuses otherwise."""
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # the stubs leave it out

    def empty_with_trail(case):
        with guard.lifted(connection):
            empty(case)
        AuditHead.objects.get_or_create(pk=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_with_trail)
        yield


@pytest.fixture
def trail_lifted(db):
    """`with trail_lifted(): …` lets a test change what the audit trail holds."""
    return lambda: guard.lifted(connection)


@pytest.fixture
def break_trail(client, monkeypatch):
    """From `break_trail()` on no event can be written."""

    def fail(cls):
        raise OperationalError("database or disk is full")

    def break_it():
        client.raise_request_exception = False
        monkeypatch.setattr(AuditHead, "lock", classmethod(fail))

    return break_it


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real histology and awkward files, which lie beside the project and never in it."""
    if not SHARED.is_dir():
        pytest.skip("the shared histology data does not lie beside the checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def s3_server():
    """The environment that leads to a bucket of a server that speaks S3, in this process."""
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "S3_BUCKET": "labeler",
        "S3_REGION": "eu-central-1",
        "S3_ADDRESSING_STYLE": "path",
    }
    with pytest.MonkeyPatch.context() as patch, quiet_s3_server() as address:
        for name, value in (environment | {"S3_ENDPOINT_URL": address}).items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=address, region_name="eu-central-1")
        client.create_bucket(Bucket="labeler", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield environment | {"S3_ENDPOINT_URL": address}


@contextmanager
def quiet_s3_server():
    from moto.server import ThreadedMotoServer  # takes seconds to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def stores_on_disk(folder: Path) -> dict:
    """The stores of our settings, in a folder of the test's."""
    stores = {alias: settings.STORAGES[alias] for alias in STORES}
    return {a: s | {"OPTIONS": s["OPTIONS"] | {"location": str(folder / a)}} for a, s in stores.items()}


def stores_on_s3() -> dict:
    """The stores that our settings make of the environment, below a prefix that no other test has."""
    from labeler.settings import store

    prefix = uuid.uuid4().hex
    return {alias: store(f"{prefix}/{alias}") for alias in STORES}


@pytest.fixture
def s3_stores(own_surroundings, settings, s3_server):
    """Keep everything on S3 in this test."""
    settings.STORAGES = settings.STORAGES | stores_on_s3()


@pytest.fixture(autouse=True)
def own_surroundings(request, settings, tmp_path):
    """Every test has stores, an outbox and a cache of its own; static files need no collecting; tasks run at once.

    TEST_STORES=s3 runs the suite on S3, but for what is marked as being about a disk.
    """
    stores = stores_on_disk(tmp_path / "stores")
    if os.environ.get("TEST_STORES") == "s3" and not request.node.get_closest_marker("disk"):
        request.getfixturevalue("s3_server")
        stores = stores_on_s3()
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | stores | {"staticfiles": static}
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    cache.clear()


@pytest.fixture
def faulty_stores(own_surroundings, settings):
    """The stores of the test with faults before them: `with faulty_stores.at(nth, fault): …`."""
    for alias in ("images", "labels", "cache"):
        store = {"BACKEND": "annotation.tests.faults.FaultyStorage", "OPTIONS": {"store": settings.STORAGES[alias]}}
        settings.STORAGES = settings.STORAGES | {alias: store}
    return faults


@pytest.fixture
def creator(db):
    return UserFactory(username="carla", full_name="Carla Creator", grant__may_create_projects=True)


@pytest.fixture
def annotator(db):
    return UserFactory(username="anna", full_name="Anna Annotator", grant=True)


@pytest.fixture
def outsider(db):
    """Approved, but a member of nothing."""
    return UserFactory(username="otto", full_name="Otto Outsider", grant=True)


@pytest.fixture
def pending(db):
    return UserFactory(username="petra", full_name="Petra Pending", registration=True)


@pytest.fixture
def irb_staff(db):
    return UserFactory(username="irene", full_name="Irene Board", irb_staff=True)


@pytest.fixture
def administrator(db):
    return UserFactory(username="root", full_name="Ada Ministrator", is_superuser=True, is_staff=True)


@pytest.fixture
def project(creator):
    """A project of the creator with three categories and no images yet."""
    project = ProjectFactory(creator=creator, name="Colon glands")
    for value, (name, color) in enumerate([("Tumour", "#009E73"), ("Stroma", "#56B4E9"), ("Lumen", "#F0E442")], 1):
        CategoryFactory(project=project, value=value, position=value, name=name, color=color)
    return project
