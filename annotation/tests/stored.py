"""What lies in a store, whichever store the suite runs on, and ways to damage it."""

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from annotation.models import LabelTile
from annotation.reading import blob_name

DAMAGES = ("flipped bit", "truncated", "gone")


def stored(alias: str = "labels", folder: str = "") -> dict[str, bytes]:
    """Everything in a store: {name: content}, sorted by name."""
    store = storages[alias]
    try:
        folders, files = store.listdir(folder)
    except FileNotFoundError:
        return {}
    found = {}
    for name in files:
        with store.open(f"{folder}{name}") as file:
            found[f"{folder}{name}"] = file.read()
    for name in folders:
        found |= stored(alias, f"{folder}{name}/")
    return dict(sorted(found.items()))


def stored_name(tile: LabelTile) -> str:
    return blob_name(tile.revision.annotation.image, tile.blob)


def damage(tile: LabelTile, how: str) -> bytes:
    """Flip a bit in the middle of the stored PNG of a tile, cut its last byte off or delete it; return what it was."""
    store, name = storages["labels"], stored_name(tile)
    with store.open(name) as file:
        whole = file.read()
    if how == "gone":
        store.delete(name)
    else:
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        store.save(name, ContentFile(flipped if how == "flipped bit" else whole[:-1]))
    return whole
