"""Backup and restore: the whole way and back through real commands, and everything that must be refused."""

import io
import json
import os
import shutil
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeler.backup import archive, databases
from labeler.backup.archive import DATABASE, MANIFEST, Facts, Unusable, Writer, check
from labeler.tests.installation import Installation

TABLES = ("accounts_user", "projects_image", "annotation_revision", "annotation_labeltile", "accounts_auditevent")
KEY, BLOB = "0" * 32, "a" * 64


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An installation with two members, two images and four saves, and a backup of it."""
    with Installation(tmp_path_factory.mktemp("site")) as installation:
        installation.seed("2", "2")
        installation.backup = installation.folder / "backup.tar"
        installation.manage("backup", str(installation.backup))
        yield installation


@pytest.fixture
def target(tmp_path):
    """An empty installation."""
    with Installation(tmp_path / "target") as installation:
        yield installation


def contents(installation: Installation) -> dict[str, bytes]:
    return {
        f"{store}/{name}": path.read_bytes()
        for store in ("images", "labels")
        for name, path in installation.files(store).items()
    }


def rows(installation: Installation) -> dict[str, list]:
    return {table: installation.ask(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}


# --- The drill -------------------------------------------------------------------------------------------------------


def test_drill_seed_backup_wipe_restore_verify(site, tmp_path):
    """What comes back after everything is lost: each file to the byte, each row, and `verify` is content."""
    with Installation(tmp_path / "lost") as installation:
        installation.seed("2", "2")
        backup = tmp_path / "backup.tar"
        assert "4 files" in installation.manage("backup", str(backup))
        files, before = contents(installation), rows(installation)
        assert len(files) == 4
        assert before["annotation_revision"]
        installation.__exit__()
        shutil.rmtree(installation.data)
        installation.data.mkdir()
        installation.__enter__()
        said = installation.manage("restore", str(backup))
        assert "Restored the backup of" in said
        assert "Everything is there, whole and true." in said
        assert contents(installation) == files
        assert rows(installation) == before


def test_backup_is_private_and_leaves_nothing_beside_it(site):
    assert stat.S_IMODE(site.backup.stat().st_mode) == 0o600
    assert sorted(path.name for path in site.folder.iterdir()) == ["backup.tar", "data"]


def test_backup_holds_what_its_manifest_says_and_no_secret_key(site):
    with tarfile.open(site.backup) as tar:
        names = tar.getnames()
        lines = [json.loads(text) for text in tar.extractfile(MANIFEST)]
    assert names[0] == DATABASE
    assert names[-1] == MANIFEST
    assert {name.partition("/")[0] for name in names} == {DATABASE, "images", "labels", MANIFEST}
    assert [entry["name"] for entry in lines[1:-1]] == names[:-1]
    assert lines[0]["rows"]["annotation_revision"] == 4
    assert "annotation.0001_initial" in lines[0]["schema"]
    assert b"of a test" not in site.backup.read_bytes()


def test_target_that_is_not_empty_is_refused_unless_it_is_to_be_replaced(site, target):
    target.seed("1", "1")
    before, files = rows(target), contents(target)
    said = target.manage("restore", str(site.backup), code=1)
    assert "The database is not empty" in said
    assert rows(target) == before
    assert contents(target) == files
    said = target.manage("restore", "--replace", str(site.backup))
    assert "whole and true" in said
    assert rows(target) == rows(site)
    assert contents(target).items() >= contents(site).items()
    assert "Stored files that nothing refers to" in said


def test_store_that_is_not_empty_is_refused(site, target):
    path = target.data / "labels" / KEY / BLOB
    path.parent.mkdir(parents=True)
    path.write_bytes(b"of somebody else")
    assert "The store “labels” is not empty" in target.manage("restore", str(site.backup), code=1)
    assert target.ask("SELECT 1") == [(1,)]
    assert target.files("images") == {}


def test_damaged_files_come_back_whole(site, target):
    target.manage("restore", str(site.backup))
    [name, *_] = target.files("labels")
    path = target.files("labels")[name]
    path.write_bytes(path.read_bytes()[:-1])
    target.manage("verify", code=1)
    assert "whole and true" in target.manage("restore", "--replace", str(site.backup))


def test_migrated_database_without_people_is_empty_enough(site, target):
    target.manage("migrate", "--verbosity=0")
    assert "whole and true" in target.manage("restore", str(site.backup))


def test_missing_blob_is_named_and_the_rest_is_saved(site, target, tmp_path):
    target.manage("restore", str(site.backup))
    name = next(iter(target.files("labels")))
    target.files("labels")[name].unlink()
    said = target.manage("backup", str(tmp_path / "partly.tar"), code=1)
    assert f"labels/{name} is missing." in said
    assert "The backup is written, but 1 of the files" in said
    assert name not in {member.name.partition("/")[2] for member, _ in archive.members(tmp_path / "partly.tar")}
    assert check(tmp_path / "partly.tar").missing == [f"labels/{name} is missing."]


def test_backup_that_cannot_be_written_is_one_sentence_and_leaves_nothing(site, tmp_path):
    assert "could not be made" in site.manage("backup", str(tmp_path / "nowhere" / "backup.tar"), code=1)
    assert list(tmp_path.iterdir()) == []


def test_backup_of_a_newer_schema_is_refused(site, target):
    altered = rewritten(site.backup, target.folder / "newer.tar", schema=["annotation.0099_from_the_future"])
    said = target.manage("restore", str(altered), code=1)
    assert "made by a newer version of Labeler" in said
    assert "0099_from_the_future" in said
    assert target.files("images") == {}


def test_backup_of_the_other_kind_of_database_is_refused(site, target):
    altered = rewritten(site.backup, target.folder / "other.tar", database="oracle", server="Oracle 23")
    assert "The backup is of Oracle 23; this installation runs on" in target.manage("restore", str(altered), code=1)


def test_backup_of_an_older_schema_is_brought_up_to_date(target, tmp_path):
    target.seed("1", "1")
    target.manage("migrate", "accounts", "0001", "--verbosity=0")
    backup = tmp_path / "older.tar"
    target.manage("backup", str(backup))
    assert "accounts.0002_irb_staff_group" not in check(backup).schema
    assert "whole and true" in target.manage("restore", "--replace", str(backup))
    applied = target.ask("SELECT name FROM django_migrations WHERE app = 'accounts'")
    assert ("0002_irb_staff_group",) in applied


def test_altered_backup_changes_nothing(site, target):
    altered = target.folder / "altered.tar"
    data = bytearray(site.backup.read_bytes())
    data[len(data) // 3] ^= 1
    altered.write_bytes(data)
    assert "was changed" in target.manage("restore", str(altered), code=1)
    assert target.files("images") == target.files("labels") == {}


def test_file_that_is_not_there_is_one_sentence(site):
    assert "There is no file" in site.manage("restore", "nowhere.tar", code=1)


def rewritten(backup: Path, path: Path, **changes) -> Path:
    """The backup with other facts, and a manifest that is right for them."""
    facts = Facts(**{**vars(check(backup)), **changes})
    with path.open("wb") as file, Path(f"{path}.lines").open("w+b") as lines:
        writer = Writer(file, lines)
        for member, content in archive.members(backup):
            if member.name != MANIFEST:
                writer.add(member.name, content, member.size)
        writer.finish(facts)
    return path


# --- The format ------------------------------------------------------------------------------------------------------

FACTS = Facts(1, "2026-11-25T09:00:00+00:00", "0.1", "sqlite", "SQLite 3", ["annotation.0001_initial"], {}, [])
MEMBERS = {DATABASE: b"rows" * 300, f"images/{KEY}/image.png": b"pixels", f"labels/{KEY}/{BLOB}": b"", "": b""}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    return written(folder / "backup.tar", {name: data for name, data in MEMBERS.items() if name})


def written(path: Path, members: dict[str, bytes]) -> Path:
    with path.open("wb") as file, Path(f"{path}.lines").open("w+b") as lines:
        writer = Writer(file, lines)
        for name, data in members.items():
            writer.add(name, io.BytesIO(data), len(data))
        writer.finish(FACTS)
    return path


def read_all(path: Path) -> dict[str, bytes]:
    return {member.name: content.read() for member, content in archive.members(path)}


def test_what_is_written_is_read(small):
    assert check(small) == FACTS
    assert {name: data for name, data in read_all(small).items() if name != MANIFEST} == {
        name: data for name, data in MEMBERS.items() if name
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_is_refused(small, tmp_path, data):
    whole = small.read_bytes()
    content = whole.rstrip(b"\0")  # what follows is the padding of tar, which says nothing
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(Unusable):
        check(cut)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_refused_or_says_nothing(small, tmp_path, data):
    whole = bytearray(small.read_bytes())
    place = data.draw(st.integers(0, len(whole.rstrip(b"\0")) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    changed = tmp_path / "changed.tar"
    changed.write_bytes(whole)
    try:
        assert check(changed) == FACTS
    except Unusable:
        return
    assert read_all(changed) == read_all(small), "only padding between members may change unseen"


@pytest.mark.parametrize("name", ["images/../../etc/passwd", "labels/x", "/database", "cache/a", f"images/{KEY}/b.png"])
def test_names_that_no_backup_has_are_refused(tmp_path, name):
    with pytest.raises(Unusable, match="was changed or damaged"):
        check(written(tmp_path / "backup.tar", {DATABASE: b"rows", name: b"x"}))


def test_other_formats_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("labeler.tests.test_backup.FACTS", Facts(**{**vars(FACTS), "format": 2}))
    with pytest.raises(Unusable, match="has format 2"):
        check(written(tmp_path / "backup.tar", {DATABASE: b"rows"}))


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 10240])
def test_files_that_are_no_backup_are_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Unusable):
        check(tmp_path / "file")


def test_link_in_a_backup_is_refused(tmp_path):
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        link = tarfile.TarInfo("database")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(Unusable):
        check(tmp_path / "backup.tar")


# --- PostgreSQL's programs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "version"), [("pg_dump (PostgreSQL) 15.20 (Debian)", 15), ("psql (PostgreSQL) 18beta1", 18)]
)
def test_version_of_a_program_is_read(tmp_path, said, version):
    assert databases.major_version(program(tmp_path / "pg_dump", said)) == version


def program(path: Path, said: str) -> str:
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return str(path)


def test_program_that_is_older_than_the_server_is_one_clear_sentence(tmp_path, monkeypatch):
    program(tmp_path / "pg_dump", "pg_dump (PostgreSQL) 98.1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    monkeypatch.setattr(databases.PostgreSQL, "version", lambda self: 99)
    with pytest.raises(Unusable, match=r"pg_dump of PostgreSQL 99 or newer is needed.*postgresql-client-99"):
        databases.PostgreSQL().check()
