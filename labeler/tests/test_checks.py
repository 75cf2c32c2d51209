"""The system checks: each says so when something is wrong, and nothing when all is well."""

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

from labeler import checks
from labeler.storage import WholeFileStorage


def found(problems) -> list[str]:
    return [problem.id for problem in problems]


def test_stores_that_can_be_written_are_fine():
    assert checks.stores_can_be_written(None) == []


def test_store_below_a_file_is_an_error(settings, tmp_path):
    (tmp_path / "file").write_text("")
    location = str(tmp_path / "file" / "labels")
    store = {"BACKEND": "labeler.storage.DurableStorage", "OPTIONS": {"location": location}}
    settings.STORAGES = settings.STORAGES | {"labels": store}
    assert found(checks.stores_can_be_written(None)) == ["labeler.E001"]


@pytest.mark.disk
@pytest.mark.parametrize("alias", ["images", "labels", "cache"])
def test_store_on_a_disk_that_is_mounted_read_only_is_an_error_that_names_it(settings, monkeypatch, tmp_path, alias):
    location = Path(settings.STORAGES[alias]["OPTIONS"]["location"])
    location.mkdir(parents=True)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != location and real(path, mode))
    [problem] = checks.stores_can_be_written(None)
    assert f"“{alias}” cannot be written: {location}" in problem.msg


def test_stores_that_keep_files_are_fine_and_nothing_stays_in_them():
    assert checks.stores_take_files(None) == []
    assert storages["labels"].listdir("") == ([], [])


def test_store_that_takes_no_files_is_named(settings, tmp_path):
    (tmp_path / "file").write_text("")
    store = {"BACKEND": "labeler.storage.DurableStorage", "OPTIONS": {"location": str(tmp_path / "file")}}
    settings.STORAGES = settings.STORAGES | {"labels": store}
    [problem] = checks.stores_take_files(None)
    assert problem.id == "labeler.E003"
    assert "“labels” does not keep files" in problem.msg


@pytest.mark.disk
def test_store_that_gives_back_something_else_is_named(monkeypatch):
    empty = ContentFile(b"")
    monkeypatch.setattr(WholeFileStorage, "_save", lambda store, name, _: FileSystemStorage._save(store, name, empty))
    assert found(checks.stores_take_files(None)) == ["labeler.E003"] * 3


@pytest.mark.parametrize(("size", "expected"), [(512_000_000, ["labeler.E002"]), (3_000_000_000, [])])
def test_workers_need_memory(settings, size, expected):
    settings.WORKER_MEMORY_BYTES = size
    assert found(checks.workers_have_memory(None)) == expected


@pytest.mark.parametrize(("backend", "expected"), [("console", ["labeler.W001"]), ("smtp", [])])
def test_deployment_needs_real_mail(settings, backend, expected):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert found(checks.mail_leaves_the_machine(None)) == expected


@pytest.mark.parametrize(
    ("variable", "expected"), [("SECRET_KEY", []), ("SECRET_KEY_FILE", []), (None, ["labeler.W002"])]
)
def test_deployment_needs_a_key_of_its_own(monkeypatch, variable, expected):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("SECRET_KEY_FILE", raising=False)
    if variable:
        monkeypatch.setenv(variable, "something")
    assert found(checks.key_comes_from_outside(None)) == expected
