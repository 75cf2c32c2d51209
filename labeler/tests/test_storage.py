"""Files on disk: whole and for good, or not there; written in an order that survives a power cut."""

import errno
import multiprocessing
import os
import signal
import stat
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from labeler.storage import DurableStorage, save_all
from labeler.tests.soak.in_place import InPlaceStorage


@pytest.fixture
def store(tmp_path) -> DurableStorage:
    (tmp_path / "labels").mkdir()
    return DurableStorage(location=str(tmp_path / "labels"), file_permissions_mode=0o640)


def everything(store: DurableStorage) -> dict[str, bytes]:
    root = Path(store.location)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def calls(monkeypatch) -> list[tuple[str, str]]:
    """What is asked of the system, in order: (call, name of the file or folder)."""
    made: list[tuple[str, str]] = []

    def watch(name: str, subject):
        original = getattr(os, name)

        def call(*args, **kwargs):
            made.append((name, Path(subject(*args)).name))
            return original(*args, **kwargs)

        monkeypatch.setattr(os, name, call)

    watch("fsync", lambda descriptor: os.readlink(f"/proc/self/fd/{descriptor}"))
    watch("replace", lambda source, target: target)
    watch("chmod", lambda path, mode: path)
    return made


def test_a_file_is_synced_then_named_then_its_folder_is_synced(store, calls):
    store.save("key/blob", ContentFile(b"labels"))
    temporary = calls[1][1]
    assert temporary.startswith(".new-")
    assert calls == [
        ("fsync", "labels"),  # of the new folder
        ("fsync", temporary),
        ("chmod", temporary),
        ("replace", "blob"),
        ("fsync", "key"),
    ]
    assert everything(store) == {"key/blob": b"labels"}


def test_files_are_for_their_owner_and_readable_by_the_group(store):
    store.save("key/blob", ContentFile(b"labels"))
    path = Path(store.path("key/blob"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


@pytest.mark.parametrize("damage", [b"", b"lab", b"lAbels"])
def test_saving_the_same_again_heals_what_was_damaged(store, damage):
    store.save("key/blob", ContentFile(b"labels"))
    Path(store.path("key/blob")).write_bytes(damage)
    save_all(store, {"key/blob": b"labels"})
    assert everything(store) == {"key/blob": b"labels"}


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
def test_a_failure_at_any_step_leaves_neither_the_file_nor_a_part_of_it(store, monkeypatch, call):
    store.save("key/earlier", ContentFile(b"earlier"))

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space left"):
        store.save("key/blob", ContentFile(b"labels"))
    assert everything(store) == {"key/earlier": b"earlier"}


class Deadly(ContentFile):
    """Whoever reads the second half is killed."""

    def chunks(self, chunk_size=None):
        yield self.file.read(3)
        os.kill(os.getpid(), signal.SIGKILL)


def save_and_be_killed(kind: type[DurableStorage], location: str, name: str) -> None:
    kind(location=location).save(name, Deadly(b"labels"))


@pytest.mark.parametrize("kind", [DurableStorage, InPlaceStorage])
def test_a_kill_amid_a_write_leaves_what_was_there_unless_the_store_writes_in_place(store, kind):
    store.save("key/blob", ContentFile(b"labels"))
    for name in ("key/blob", "key/other"):
        child = multiprocessing.get_context("spawn").Process(
            target=save_and_be_killed, args=(kind, store.location, name)
        )
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
    left = {name: data for name, data in everything(store).items() if ".new-" not in name}
    if kind is DurableStorage:
        assert left == {"key/blob": b"labels"}
    else:
        assert left == {"key/blob": b"", "key/other": b""}, "this test can fail"


def test_many_files_are_stored_under_their_names(store):
    files = {f"key/{number}": bytes([number]) * 100 for number in range(20)}
    save_all(store, files)
    assert everything(store) == files


def test_one_file_that_cannot_be_stored_fails_them_all(store):
    Path(store.location, "file").write_text("")
    with pytest.raises(OSError, match="file"):
        save_all(store, {"key/one": b"1", "file/two": b"2"})
