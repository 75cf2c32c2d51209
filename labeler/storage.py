"""Where bytes live. The only module that may know a path or a bucket; everything else uses open, save, exists, delete.

Names in the `images` and `labels` stores are random keys or digests of the content, so a name never gets a second
meaning: saving a name that is there already writes the same bytes once more, which heals a damaged file.
"""

import contextlib
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from s3transfer.exceptions import RetriesExceededError
from storages.backends.s3 import S3Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

TEMPORARY = ".new-"
TOTAL, TRIMMING = ".total", ".trimming"
TRIM_TO = 0.9
RENEW_SECONDS = 3600  # an entry's time is renewed at most so often, to spare the disk
ABANDONED_SECONDS = 24 * 3600
# What a store raises that is down, full, read-only or too slow. `FileNotFoundError`, a missing file, is one of them.
STORE_ERRORS = (OSError, BotoCoreError, ClientError, Boto3Error, RetriesExceededError)
S3_PUTS_AT_ONCE = 8
_s3_puts = ThreadPoolExecutor(S3_PUTS_AT_ONCE, thread_name_prefix="s3-put")  # threads begin with the first put
_connecting = threading.Lock()
_session = cache(boto3.Session)  # credentials as boto3 finds them


def save_all(store: Storage, files: Mapping[str, bytes]) -> list[str]:
    """Store files under exactly these names, and return the names that were there before.

    When it returns, all of them are there for good; it raises if one is not. On S3 eight go at a time.
    """

    def save(name: str) -> bool:
        existed = store.exists(name)
        store.save(name, ContentFile(files[name]))
        return existed

    run = _s3_puts.map if isinstance(store, PrivateS3Storage) else map
    return [name for name, existed in zip(files, run(save, files), strict=True) if existed]


class StaticStorage(CompressedManifestStaticFilesStorage):
    # Our ES modules import each other by relative path; without this only the entry modules would get hashed names.
    support_js_module_import_aggregation = True


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class WholeFileStorage(FileSystemStorage):
    """Files that are there whole, or not at all: each is written under a temporary name and renamed."""

    def get_available_name(self, name, max_length=None):
        return name

    def _save(self, name, content):
        path = Path(self.path(name))
        self._make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                self._settle(file)
            os.chmod(temporary, self.file_permissions_mode or 0o640)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._settle_folder(path.parent)
        return name

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=self.directory_permissions_mode or 0o750, exist_ok=True)
        self._settle_folder(folder.parent)

    def _settle(self, file):
        pass

    def _settle_folder(self, folder: Path) -> None:
        pass

    def url(self, name):
        raise ValueError("Stored files are served by views that check permission, never by a public address.")


class DurableStorage(WholeFileStorage):
    """Files that are there whole and for good, or not at all: temporary file, fsync, rename, fsync of the folder."""

    def _settle(self, file):
        file.flush()
        os.fsync(file.fileno())

    def _settle_folder(self, folder):
        sync_folder(folder)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What `CacheStorage.trim` did: files and bytes removed, bytes left."""

    files: int
    size: int
    left: int


class CacheStorage(WholeFileStorage):
    """Files that may be lost at any time, at most about `max_bytes` of them: the least recently used go first.

    Nothing is synced, so a power cut may leave an empty or damaged file: readers check what they read. Reading an entry
    renews its modification time, which tells when it was last used whatever the mount options are. All processes count
    what they write in one file; whoever passes the limit trims the store in a thread of its own while the others go on.
    A file that somebody has open when it is removed stays readable for them. Files that cannot be removed, another
    user's for example, stay beside the limit.
    """

    def __init__(self, *args: Any, max_bytes: int, **options: Any):
        super().__init__(*args, **options)
        self.max_bytes = max_bytes

    def trim(self) -> Trimmed:
        """Remove the least recently used entries until 90 % of the limit are left."""
        with self._locked(TRIMMING):
            return self._trim()

    def _open(self, name, mode="rb"):
        file = super()._open(name, mode)  # type: ignore[misc]  # the stubs leave it out
        with contextlib.suppress(OSError):  # the file of another user, a disk that can only be read
            if time.time() - os.fstat(file.fileno()).st_mtime > RENEW_SECONDS:
                os.utime(file.fileno())
        return file

    def _save(self, name, content):
        is_over = self._is_over(self._count(content.size))
        name = super()._save(name, content)
        if is_over:
            threading.Thread(target=self._trim_unless_done, daemon=True).start()
        return name

    def _trim_unless_done(self) -> None:
        with contextlib.suppress(BlockingIOError), self._locked(TRIMMING, fcntl.LOCK_NB):
            if self._is_over(self._count(0)):
                self._trim()

    def _trim(self) -> Trimmed:
        # Two walks, so that memory holds two numbers a file and what is read between them stays.
        before = self._count(0) or 0
        ages = sorted((facts.st_mtime, facts.st_size) for _, facts in self._entries())
        total = sum(size for _, size in ages)
        excess = total - int(TRIM_TO * self.max_bytes)
        sums = accumulate(size for _, size in ages)
        until = next((used for (used, _), so_far in zip(ages, sums, strict=True) if so_far >= excess), 0.0)
        files = removed = stuck = 0
        for path, facts in self._entries() if excess > 0 else ():
            if removed + stuck < excess and facts.st_mtime <= until:
                try:
                    os.unlink(path)
                    files, removed = files + 1, removed + facts.st_size
                except FileNotFoundError:
                    pass
                except OSError:
                    stuck += facts.st_size
        # Were they counted, the store would be over its limit for good and walked through at every save.
        self._recount(total - removed - stuck, before)
        return Trimmed(files, removed, total - removed)

    def _is_over(self, total: int | None) -> bool:
        return total is None or total > self.max_bytes

    def _count(self, size: int) -> int | None:
        """Add `size` to the total that all processes share; None if the store holds what nobody counted.

        What is overwritten or deleted stays counted until the next walk.
        """
        with self._locked(TOTAL) as descriptor:
            total = read_number(descriptor)
            if total is None and not self._is_empty():
                return None
            total = (total or 0) + size
            write_number(descriptor, total)
            return total

    def _recount(self, left: int, before: int) -> None:
        """Put what a walk found in the place of the total at its beginning."""
        with self._locked(TOTAL) as descriptor:
            written_meanwhile = max(0, (read_number(descriptor) or 0) - before)
            write_number(descriptor, left + written_meanwhile)

    def _is_empty(self) -> bool:
        return all(name.startswith(".") for name in os.listdir(self.location))

    def _entries(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every entry as (path, facts); removes what a killed process left half written."""
        for entry in files_below(str(self.location)):
            with contextlib.suppress(OSError):  # removed meanwhile, or not ours
                facts = entry.stat()
                if not entry.name.startswith("."):
                    yield entry.path, facts
                elif entry.name.startswith(TEMPORARY) and time.time() - facts.st_mtime > ABANDONED_SECONDS:
                    os.unlink(entry.path)

    @contextlib.contextmanager
    def _locked(self, name: str, how: int = 0) -> Iterator[int]:
        """Hold the lock of a hidden file, which excludes other processes and threads; yields its descriptor."""
        self._make_folder(Path(self.location))
        descriptor = os.open(os.path.join(self.location, name), os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | how)
            yield descriptor
        finally:
            os.close(descriptor)


def read_number(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.isdigit() else None


def write_number(descriptor: int, number: int) -> None:
    os.pwrite(descriptor, b"%020d" % number, 0)


def files_below(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # removed meanwhile, or not ours
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(entry.path)
        else:
            yield entry


class PrivateS3Storage(S3Storage):
    """The same promise on S3: private objects, no public address, no renaming, each put checked by its SHA-256.

    What fails is tried again, four times in all and later each time; the limits of time keep a store that is down from
    holding up a request for minutes.
    """

    client_config: Config

    def __init__(self, **options):
        super().__init__(**options)
        patience = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4})
        self.client_config = self.client_config.merge(patience)

    @property
    def connection(self):
        # Every thread has a connection of its own, but the first one of a session reads all of boto3's descriptions of
        # S3: 120 ms, against 6 ms for the others. Sessions are not made for threads that make connections at once.
        with _connecting:
            return super().connection

    def _create_session(self):
        return _session()

    def get_default_settings(self):
        return super().get_default_settings() | {
            "default_acl": None,
            "file_overwrite": True,
            "object_parameters": {"ChecksumAlgorithm": "SHA256"},
        }

    def url(self, name, **kwargs):
        raise ValueError("Stored files are served by views that check permission, never by a public address.")
