"""A ZIP as a stream, the same bytes for the same content, with names and cells that are safe wherever it is opened."""

import csv
import io
import re
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, cast

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can hold; a real one would make every export different
NAME_MAX_BYTES = 200  # file systems allow 255, and numbers and extensions are still added
UNSAFE = re.compile(r'[<>:"/\\|?*]')
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    port + digit for port in ("COM", "LPT") for digit in "0123456789¹²³"
}
FORMULA = tuple("=+-@＝＋－＠\t\r\n")


class Sink:
    """What `zipfile` writes to: keeps the bytes until they are taken."""

    def __init__(self):
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


def zip_stream(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Write a ZIP of stored files piece by piece.

    Parameters
    ----------
    files : iterable of (name, pieces of the content)
        Names with `/` between folders. If iterating raises, the ZIP has no directory and so cannot look whole.

    Yields
    ------
    bytes
        Pieces of the ZIP in order.
    """
    sink = Sink()
    archive = zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED)
    for name, pieces in files:
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.create_system, entry.external_attr = 3, 0o644 << 16
        with archive.open(entry, "w") as file:
            for piece in pieces:
                file.write(piece)
                yield sink.take()
        yield sink.take()
    archive.close()
    yield sink.take()


def safe_name(text: str) -> str:
    """Return `text` as a file name that Windows, macOS and Linux all take, and that leads nowhere else."""
    text = UNSAFE.sub("_", unicodedata.normalize("NFC", text))
    text = "".join("_" if unicodedata.category(letter) in UNSEEN else letter for letter in text)
    text = text.encode()[:NAME_MAX_BYTES].decode(errors="ignore")
    kept = text.rstrip(". ")
    text = kept + "_" * (len(text) - len(kept)) or "_"
    return f"_{text}" if text.split(".")[0].rstrip().upper() in RESERVED else text


def stem(name: str) -> str:
    """Return a file name without its extension."""
    return name.rpartition(".")[0] or name


def distinct(wishes: Sequence[Sequence[str]]) -> list[str]:
    """Give each item a name that differs from all others even where case and Unicode form do not count.

    Parameters
    ----------
    wishes : sequence of sequence of str
        For each item the names it would take, the dearest first. Of those that collide, the ones that have given up
        least move on to their next wish, all of them; past the last one they get their number.

    Returns
    -------
    list of str
        One name an item, in the same order.
    """
    levels = [0] * len(wishes)

    def name(item: int) -> str:
        wish, level = wishes[item], levels[item]
        return wish[level] if level < len(wish) else f"{wish[-1]}{f'~{item + 1}' * (level - len(wish) + 1)}"

    while True:
        names = [name(item) for item in range(len(wishes))]
        alike = defaultdict(list)
        for item, each in enumerate(names):
            alike[name_key(each)].append(item)
        if len(alike) == len(names):
            return names
        for items in alike.values():
            least = min(levels[item] for item in items)
            for item in items:
                levels[item] += len(items) > 1 and levels[item] == least


def name_key(name: str) -> str:
    """Return the form in which two names are the same file somewhere: Unicode NFC, case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def mask_names(image_names: Sequence[str]) -> list[str]:
    """Name the mask of each image: its stem, or its full name where stems collide, and `.png`."""
    return [f"{name}.png" for name in distinct([(safe_name(stem(name)), safe_name(name)) for name in image_names])]


def csv_line(cells: Iterable[object]) -> bytes:
    """Write one line of CSV; what a spreadsheet would take for a formula is quoted with an apostrophe."""
    line = io.StringIO()
    csv.writer(line).writerow(["" if cell is None else safe_cell(str(cell)) for cell in cells])
    return line.getvalue().encode()


def safe_cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
