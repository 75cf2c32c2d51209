"""Where bytes live. The only module that may know a path or a bucket; everything else uses open, save, exists, delete.

Names in the `images` and `labels` stores are random keys or digests of the content, so a name never gets a second
meaning: saving a name that is there already keeps what is there.
"""

import os
import tempfile
from pathlib import Path

from django.core.files.storage import FileSystemStorage
from storages.backends.s3 import S3Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage


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
    """The same promise on S3: private objects, no public address, no renaming."""

    def get_default_settings(self):
        return super().get_default_settings() | {"default_acl": None, "file_overwrite": True}

    def url(self, name, **kwargs):
        raise ValueError("Stored files are served by views that check permission, never by a public address.")
