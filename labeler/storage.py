"""Where bytes live. The only module that may know a path or a bucket; everything else uses open, save, exists, delete.

Names in the `images` and `labels` stores are random keys or digests of the content, so a name never gets a second
meaning: saving a name that is there already writes the same bytes once more, which heals a damaged file.
"""

import os
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from s3transfer.exceptions import RetriesExceededError
from storages.backends.s3 import S3Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

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


class DurableStorage(FileSystemStorage):
    """Files that are there whole and for good, or not at all: temporary file, fsync, rename, fsync of the folder."""

    def get_available_name(self, name, max_length=None):
        return name

    def _save(self, name, content):
        path = Path(self.path(name))
        self._make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, self.file_permissions_mode or 0o640)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        return name

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=self.directory_permissions_mode or 0o750, exist_ok=True)
        sync_folder(folder.parent)

    def url(self, name):
        raise ValueError("Stored files are served by views that check permission, never by a public address.")


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
