"""Backup and restore: the whole way and back through real commands, and everything that must be refused."""

import io
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.models import Revision
from annotation.sweeping import loose_files
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


def test_drill_what_was_lost_comes_back_each_file_to_the_byte_and_each_row(site, target):
    said = target.manage("restore", str(site.backup))
    assert "Restored the backup of" in said
    assert "Everything is there, whole and true." in said
    assert "nothing refers to" not in said
    assert contents(target) == contents(site)
    assert len(contents(site)) == 4
    assert rows(target) == rows(site)
    assert all(rows(site).values())
    assert "Every event is there" in target.manage("verify_audit")


def test_attack_68_backup_is_private_and_leaves_nothing_beside_it(site):
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


def test_site_in_use_is_replaced_only_when_told_and_mended_by_it(site, target):
    target.manage("restore", str(site.backup))
    target.execute("UPDATE accounts_user SET full_name = 'Somebody Else'")
    lost, damaged = target.files("labels").values()
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-1])
    (damaged.parent / BLOB).write_bytes(b"of before")
    before, files = rows(target), contents(target)
    said = target.manage("backup", str(target.folder / "partly.tar"), code=1)
    assert f"labels/{lost.parent.name}/{lost.name} is missing." in said
    assert f"labels/{damaged.parent.name}/{damaged.name} is damaged." in said
    assert "The backup is written, but 2 of the files" in said
    assert len(check(target.folder / "partly.tar").missing) == 2
    assert "The database is not empty" in target.manage("restore", str(site.backup), code=1)
    assert (rows(target), contents(target)) == (before, files)
    said = target.manage("restore", "--replace", str(site.backup))
    assert "whole and true" in said
    assert "Stored files that nothing refers to: 1." in said
    assert rows(target) == rows(site)
    assert "Every event is there" in target.manage("verify_audit")
    assert contents(target).items() >= contents(site).items()


def test_backup_of_an_older_schema_is_brought_up_to_date(target):
    target.manage("migrate", "--verbosity=0")
    target.manage("migrate", "accounts", "0001", "--verbosity=0")
    backup = target.folder / "older.tar"
    target.manage("backup", str(backup))
    assert "accounts.0002_irb_staff_group" not in check(backup).schema
    assert "whole and true" in target.manage("restore", str(backup)), "a database without people is empty enough"
    applied = target.ask("SELECT name FROM django_migrations WHERE app = 'accounts'")
    assert ("0002_irb_staff_group",) in applied


# --- Refused ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def refuses(db):
    """Expect that a backup is refused in this way and nothing is changed."""

    def refused(backup: Path, sentence: str) -> None:
        with pytest.raises(CommandError, match=sentence):
            call_command("restore", str(backup))
        assert list(loose_files()) == []
        assert not Revision.objects.exists()

    return refused


def test_store_that_is_not_empty_is_refused(site, db):
    storages["labels"].save(f"{KEY}/{BLOB}", ContentFile(b"of somebody else"))
    with pytest.raises(CommandError, match="The store “labels” is not empty"):
        call_command("restore", str(site.backup))
    assert storages["labels"].listdir("") == ([KEY], [])


def test_backup_of_a_newer_schema_is_refused(site, refuses, tmp_path):
    altered = rewritten(site.backup, tmp_path / "newer.tar", schema=["annotation.0099_from_the_future"])
    refuses(altered, r"made by a newer version of Labeler .* does not know annotation\.0099_from_the_future")


def test_backup_of_the_other_kind_of_database_is_refused(site, refuses, tmp_path):
    altered = rewritten(site.backup, tmp_path / "other.tar", database="oracle", server="Oracle 23")
    refuses(altered, "The backup is of Oracle 23; this installation runs on")


def test_altered_backup_is_refused(site, refuses, tmp_path):
    data = bytearray(site.backup.read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "altered.tar").write_bytes(data)
    refuses(tmp_path / "altered.tar", "was changed")


def test_file_that_is_not_there_is_one_sentence(refuses):
    refuses(Path("nowhere.tar"), "There is no file nowhere.tar")


def test_backup_that_cannot_be_written_is_one_sentence_and_leaves_nothing(db, tmp_path):
    with pytest.raises(CommandError, match="could not be made"):
        call_command("backup", str(tmp_path / "nowhere" / "backup.tar"))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.django_db(transaction=True)
def test_backup_that_is_broken_off_leaves_the_one_of_before(tmp_path, monkeypatch):
    path = tmp_path / "backup.tar"
    path.write_text("of before")
    monkeypatch.setattr(Writer, "finish", broken_off)
    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", str(path))
    assert path.read_text() == "of before"
    assert [found.name for found in tmp_path.iterdir() if found.name != "stores"] == ["backup.tar"]


def broken_off(*arguments):
    raise OSError(28, "No space left on device")


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
MEMBERS = {DATABASE: b"rows" * 300, f"images/{KEY}/image.png": b"pixels", f"labels/{KEY}/{BLOB}": b""}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    return written(folder / "backup.tar", MEMBERS)


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
    assert {name: data for name, data in read_all(small).items() if name != MANIFEST} == MEMBERS


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
