"""What lies in the database and in a store, whichever store the suite runs on, and ways to damage it."""

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.models import AuditEvent
from annotation.models import HeadTile, LabelTile, Revision
from annotation.reading import blob_name

DAMAGES = ("flipped bit", "truncated", "gone")


def counts() -> tuple[int, ...]:
    """How many rows saves have made."""
    return tuple(model.objects.count() for model in (Revision, LabelTile, HeadTile, AuditEvent))


def stored(alias: str = "labels", folder: str = "") -> dict[str, bytes]:
    """Everything in a store: {name: content}, sorted by name."""
    try:
        folders, files = storages[alias].listdir(folder)
    except FileNotFoundError:
        return {}
    found = {f"{folder}{name}": read(alias, f"{folder}{name}") for name in files}
    for name in folders:
        found |= stored(alias, f"{folder}{name}/")
    return dict(sorted(found.items()))


def read(alias: str, name: str) -> bytes:
    with storages[alias].open(name) as file:
        return file.read()


def write(alias: str, name: str, data: bytes) -> None:
    storages[alias].save(name, ContentFile(data))


def stored_name(tile: LabelTile) -> str:
    return blob_name(tile.revision.annotation.image, tile.blob)


def damage(tile: LabelTile, how: str) -> bytes:
    """Flip a bit in the middle of the stored PNG of a tile, cut its last byte off or delete it; return what it was."""
    name = stored_name(tile)
    whole = read("labels", name)
    if how == "gone":
        storages["labels"].delete(name)
    else:
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        write("labels", name, flipped if how == "flipped bit" else whole[:-1])
    return whole
