"""The cast of people that tests play with, and what every test shares."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache

from accounts.tests.factories import UserFactory
from projects.tests.factories import CategoryFactory, ProjectFactory

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data"

# Playwright's synchronous interface runs an event loop, which Django mistakes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real histology and awkward files, which lie beside the project and never in it."""
    if not SHARED.is_dir():
        pytest.skip("the shared histology data does not lie beside the checkout (../shared/data)")
    return SHARED


@pytest.fixture(autouse=True)
def own_surroundings(settings, tmp_path):
    """Every test has stores, an outbox and a cache of its own; static files need no collecting; tasks run at once."""
    stores = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    for alias in ("default", "images", "labels", "cache"):
        store = settings.STORAGES[alias]
        stores[alias] = store | {"OPTIONS": store["OPTIONS"] | {"location": str(tmp_path / "stores" / alias)}}
    settings.STORAGES = settings.STORAGES | stores
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    cache.clear()


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
