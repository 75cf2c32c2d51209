"""The cache store: whole files, the least recently used go first, and several processes count together."""

import errno
import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from labeler.storage import CacheStorage

HOUR = 3600


@pytest.fixture
def store(tmp_path):
    return CacheStorage(location=str(tmp_path / "cache"), max_bytes=1000)


def keep(store, name, size=100, age_hours=0.0):
    store.save(name, ContentFile(bytes(size)))
    age(store, name, age_hours)


def age(store, name, hours):
    used = time.time() - hours * HOUR
    os.utime(store.path(name), (used, used))


def names(store):
    found = Path(store.location).rglob("*")
    return sorted(str(path.relative_to(store.location)) for path in found if path.is_file() and path.name[0] != ".")


def wait_for_trimming():
    for thread in threading.enumerate():
        if getattr(thread, "_target", None) and "trim" in thread._target.__name__:
            thread.join(20)


@pytest.mark.disk
def test_the_settings_keep_the_cache_on_disk_small():
    store = storages["cache"]
    assert isinstance(store, CacheStorage)
    assert store.max_bytes == 20_000_000_000


def test_a_file_is_there_whole_or_not_at_all_and_is_not_synced(store, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("synced"))

    class Broken(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        store.save("folder/a", Broken(b"half of it"))
    assert not names(store)
    assert not list(Path(store.location).rglob(".new-*"))
    store.save("folder/a", ContentFile(b"one"))
    store.save("folder/a", ContentFile(b"two"))
    with store.open("folder/a") as file:
        assert file.read() == b"two"


def test_reading_renews_the_time_of_an_entry_at_most_once_an_hour(store):
    keep(store, "old", age_hours=5)
    keep(store, "recent", age_hours=0.5)
    before = os.stat(store.path("recent")).st_mtime
    for name in ("old", "recent"):
        store.open(name).close()
    assert time.time() - os.stat(store.path("old")).st_mtime < 60
    assert os.stat(store.path("recent")).st_mtime == before


def test_what_was_not_used_for_longest_goes_first_until_ninety_per_cent_are_left(store):
    for number in range(9):
        keep(store, f"image/{number}", age_hours=20 - number)
    store.open("image/0").close()
    keep(store, "large", size=250)
    wait_for_trimming()
    assert names(store) == ["image/0", *(f"image/{number}" for number in range(4, 9)), "large"]


def test_below_the_limit_nothing_is_walked_and_nothing_goes(store, monkeypatch):
    monkeypatch.setattr(store, "_entries", lambda: pytest.fail("walked"))
    for number in range(10):
        keep(store, str(number), age_hours=number)
    assert len(names(store)) == 10


def test_a_file_that_is_open_can_be_read_after_its_removal(store):
    keep(store, "a", size=100)
    with store.open("a") as file:
        age(store, "a", 9)
        store.max_bytes = 0
        assert store.trim().files == 1
        assert not names(store)
        assert len(file.read()) == 100


def test_what_is_being_written_stays_and_what_a_killed_process_left_goes(store):
    folder = Path(store.location, "image")
    folder.mkdir(parents=True)
    (folder / ".new-now").write_bytes(bytes(5000))
    (folder / ".new-old").write_bytes(bytes(5000))
    age(store, "image/.new-old", 25)
    keep(store, "image/a")
    wait_for_trimming()
    assert store.trim().left == 100
    assert [path.name for path in folder.iterdir() if path.name[0] == "."] == [".new-now"]


def test_files_that_vanish_meanwhile_break_nothing(store, monkeypatch):
    for number in range(20):
        keep(store, f"{number}/a", size=40, age_hours=number)
    unlink = os.unlink

    def race(path):
        unlink(path)
        unlink(path)

    store.max_bytes = 400
    monkeypatch.setattr(os, "unlink", race)
    store.trim()
    monkeypatch.undo()
    assert names(store) == [f"{number}/a" for number in range(9)]


@pytest.fixture
def not_ours(monkeypatch):
    """Names of files that cannot be removed."""
    found: set[str] = set()
    unlink = os.unlink

    def refuse(path, *args, **kwargs):
        if os.path.basename(path) in found:
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(path, *args, **kwargs)

    monkeypatch.setattr(os, "unlink", refuse)
    return found


@pytest.mark.parametrize("size", [100, 1500])
def test_a_file_that_cannot_be_removed_stops_neither_trimming_nor_saving(store, not_ours, monkeypatch, size):
    not_ours.add("stuck")
    keep(store, "stuck", size=size, age_hours=99)
    wait_for_trimming()
    walks, trim = [], store._trim
    monkeypatch.setattr(store, "_trim", lambda: walks.append(trim()))
    for number in range(40):
        keep(store, str(number), age_hours=40 - number)
        wait_for_trimming()
    left = names(store)
    assert "stuck" in left
    assert "39" in left
    assert len(left) <= 11
    assert len(walks) <= 20


def test_what_a_killed_process_left_and_cannot_be_removed_is_passed_over(store, not_ours):
    not_ours.add(".new-old")
    keep(store, "a/.new-old", age_hours=25)
    for number in range(10):
        keep(store, f"b/{number}", age_hours=number)
    assert store.trim().left == 900


def test_files_that_nobody_counted_are_counted_by_a_walk(store):
    for number in range(30):
        keep(store, str(number), size=30, age_hours=number)
    wait_for_trimming()
    os.unlink(store.path(".total"))
    keep(store, "new", size=120)
    wait_for_trimming()
    assert store.trim().left == store._count(0) == 900


def test_a_damaged_total_is_counted_again(store):
    keep(store, "a", size=300)
    Path(store.path(".total")).write_bytes(bytes(20))
    keep(store, "b", size=300)
    wait_for_trimming()
    assert store._count(0) == 600


def test_entries_of_one_age_go_only_as_far_as_needed(store):
    for number in range(10):
        keep(store, str(number))
        os.utime(store.path(str(number)), (1e9, 1e9))
    assert store.trim().files == 1


def write(location, prefix):
    store = CacheStorage(location=location, max_bytes=10**9)
    for number in range(200):
        store.save(f"{prefix}/{number}", ContentFile(b"123"))


def test_processes_count_together(store):
    spawn = multiprocessing.get_context("fork")
    writers = [spawn.Process(target=write, args=(store.location, prefix)) for prefix in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store._count(0) == 2 * 200 * 3


def test_who_finds_another_trimming_leaves_it_to_it(store, monkeypatch):
    monkeypatch.setattr(store, "_trim", lambda: pytest.fail("trimmed twice"))
    with store._locked(".trimming"):
        keep(store, "a", size=5000)
        wait_for_trimming()
    assert names(store) == ["a"]


@pytest.mark.disk
def test_trim_cache_says_what_it_removed(settings, capsys):
    store = storages["cache"]
    store.save("a", ContentFile(bytes(20_000_000)))
    call_command("trim_cache")
    assert capsys.readouterr().out == "Nothing had to be removed.\nThe cache holds 0.02 GB of at most 20.00 GB.\n"
    store.max_bytes = 0
    call_command("trim_cache")
    assert capsys.readouterr().out == "Removed 1 files (0.02 GB).\nThe cache holds 0.00 GB of at most 0.00 GB.\n"
    assert not store.exists("a")


def test_trim_cache_leaves_a_bucket_to_its_lifecycle_rule(settings):
    bucket = {"BACKEND": "labeler.storage.PrivateS3Storage", "OPTIONS": {"bucket_name": "labels"}}
    settings.STORAGES = settings.STORAGES | {"cache": bucket}
    with pytest.raises(CommandError, match="lifecycle rule"):
        call_command("trim_cache")
