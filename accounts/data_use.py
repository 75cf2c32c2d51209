"""The data-use text that everybody accepts: a file whose first line is its version."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import User

OWED = "data_use_owed"  # in the session of somebody who logged in before accepting the present version
VERSION_LENGTH = 40


@dataclass(frozen=True)
class DataUseText:
    version: str
    text: str


def data_use_text() -> DataUseText:
    """The present text, as it was when the process started."""
    return read_text(settings.DATA_USE_TEXT)


@cache
def read_text(path: str) -> DataUseText:
    """Raises OSError if there is no such file, ValueError if it has no version or no text."""
    version, _, text = Path(path).read_text().partition("\n")
    version, text = version.removeprefix("Version").strip(), text.strip()
    if not version or not text or len(version) > VERSION_LENGTH:
        raise ValueError("the first line must be “Version …”, and the text must follow it")
    return DataUseText(version, text)


def owes_acceptance(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.data_use_version != data_use_text().version


@transaction.atomic
def accept_data_use(user: User) -> None:
    """Write down that the person accepted the present text."""
    user.data_use_version, user.data_use_accepted_at = data_use_text().version, timezone.now()
    user.save(update_fields=["data_use_version", "data_use_accepted_at"])
    record("data-use text accepted", user, actor=user, new=user.data_use_version)
