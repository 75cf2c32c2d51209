"""What Django's own checks cannot know: run at every start, the last three with `check --deploy` only."""

import os
import secrets
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.data_use import data_use_text

# Below this a worker process does not fail but hangs: its libraries need the address space for themselves.
LEAST_WORKER_MEMORY = 1_000_000_000


def can_be_written(folder: Path) -> bool:
    """Can files be made in the folder, or can the folder itself be made?"""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


@register(Tags.files)
def stores_can_be_written(app_configs, **kwargs):
    locations = {
        alias: Path(store["OPTIONS"]["location"])
        for alias, store in settings.STORAGES.items()
        if store["BACKEND"] in {"labeler.storage.DurableStorage", "labeler.storage.CacheStorage"}
    }
    return [
        Error(
            f"The store “{alias}” cannot be written: {location}.",
            hint="Set DATA_DIR to a folder that belongs to the user who runs Labeler.",
            id="labeler.E001",
        )
        for alias, location in locations.items()
        if not can_be_written(location)
    ]


@register()
def workers_have_memory(app_configs, **kwargs):
    if settings.WORKER_MEMORY_BYTES >= LEAST_WORKER_MEMORY:
        return []
    return [
        Error(
            f"WORKER_MEMORY_BYTES={settings.WORKER_MEMORY_BYTES} is too little: superpixels would hang.",
            hint=f"Set it to {LEAST_WORKER_MEMORY} or more.",
            id="labeler.E002",
        )
    ]


@register()
def data_use_text_is_there(app_configs, **kwargs):
    try:
        data_use_text()
    except (OSError, ValueError) as error:
        return [
            Error(
                f"The data-use text cannot be read: {error}.",
                hint="Set DATA_USE_TEXT to a text file whose first line is “Version …”, or leave it out.",
                id="labeler.E004",
            )
        ]
    return []


@register(Tags.files, deploy=True)
def stores_take_files(app_configs, **kwargs):
    """Write, read and delete a file in each store, wherever it is; too slow on S3 for every start."""
    problems = []
    for alias in ("images", "labels", "cache"):
        try:
            store = storages[alias]
            name = store.save(f"check-{secrets.token_hex(8)}", ContentFile(b"check"))
            with store.open(name) as file:
                right = file.read() == b"check"
            store.delete(name)
        except (OSError, BotoCoreError, ClientError) as error:
            problems.append(failing_store(alias, str(error)))
        else:
            if not right:
                problems.append(failing_store(alias, "what was written is not what is read"))
    return problems


def failing_store(alias: str, why: str) -> Error:
    return Error(
        f"The store “{alias}” does not keep files: {why}.",
        hint="Check the disk or the S3 variables, and that Labeler may list, read, write and delete there.",
        id="labeler.E003",
    )


@register(Tags.security, deploy=True)
def mail_leaves_the_machine(app_configs, **kwargs):
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend":
        return []
    return [
        Warning(
            "E-mail is only printed, so nobody can reset a password or learns of a decision.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.org:587.",
            id="labeler.W001",
        )
    ]


@register(Tags.security, deploy=True)
def key_comes_from_outside(app_configs, **kwargs):
    if os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"):
        return []
    return [
        Warning(
            "SECRET_KEY is the one that was made beside the data, so a backup of the data gives it away.",
            hint="Set SECRET_KEY or SECRET_KEY_FILE.",
            id="labeler.W002",
        )
    ]
