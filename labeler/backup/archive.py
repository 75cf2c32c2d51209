"""The format of a backup: members with their digests, read and written as a stream in flat memory."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
DATABASE, MANIFEST = "database", "manifest.jsonl"
NAMES = re.compile(r"database|images/[0-9a-f]{32}/image\.png|labels/[0-9a-f]{32}/[0-9a-f]{64}")
CUT = "The backup is not whole: it ends before its manifest, or was changed. Nothing was restored."


class Unusable(Exception):
    """This backup cannot be made or restored: the message says why."""


@dataclass(frozen=True)
class Facts:
    """What a backup says about itself."""

    format: int
    made: str
    version: str
    database: str
    server: str
    schema: list[str]
    rows: dict[str, int]
    missing: list[str]


class HashedReader:
    """A file that is hashed while it is read."""

    def __init__(self, file: Any):
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data

    def drain(self) -> str:
        """Read on to the end; return the SHA-256 of everything."""
        while self.read(1 << 20):
            pass
        return self.digest.hexdigest()


class Writer:
    """Writes members one after the other, and the manifest as the last. The lines of the manifest wait in `scratch`."""

    def __init__(self, file: IO[bytes], scratch: IO[bytes]):
        self.tar = tarfile.TarFile(fileobj=file, mode="w")
        self.scratch = scratch

    def add(self, name: str, file: Any, size: int) -> str:
        """Add a member of `size` bytes and return its SHA-256. Raises OSError if the file turns out shorter."""
        # USTAR keeps the names of labels in one header; it ends at 8 GiB a member, which only a database may exceed.
        self.tar.format = tarfile.GNU_FORMAT if name == DATABASE else tarfile.USTAR_FORMAT
        reader = HashedReader(file)
        self.tar.addfile(described(name, size), reader)  # type: ignore[arg-type]  # all it does is read
        forget_members(self.tar)
        digest = reader.digest.hexdigest()
        self.scratch.write(line({"name": name, "size": size, "sha256": digest}))
        return digest

    def finish(self, facts: Facts) -> None:
        size = self.scratch.tell()
        self.scratch.seek(0)
        first = line(asdict(facts))
        digest = hashlib.sha256(first)
        for some in iter(lambda: self.scratch.read(1 << 20), b""):
            digest.update(some)
        last = line({"sha256": digest.hexdigest()})
        self.scratch.seek(0)
        whole = Chained(io.BytesIO(first), self.scratch, io.BytesIO(last))
        self.tar.format = tarfile.GNU_FORMAT
        self.tar.addfile(described(MANIFEST, len(first) + size + len(last)), whole)  # type: ignore[arg-type]
        self.tar.close()


def forget_members(tar: tarfile.TarFile) -> None:
    """Else it keeps a description of every member in memory."""
    tar.members = []  # type: ignore[attr-defined]  # the stubs do not know it


class Chained:
    """Files that are read as if they were one."""

    def __init__(self, *files: IO[bytes]):
        self.files = list(files)

    def read(self, size: int) -> bytes:
        data = b""
        while self.files and len(data) < size:
            more = self.files[0].read(size - len(data))
            data += more
            if not more:
                self.files.pop(0)
        return data


def described(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def line(value: dict) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield the members in order, each with its content, in flat memory."""
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise Unusable(CUT)
                yield member, content
                forget_members(tar)
    except tarfile.TarError as error:
        raise Unusable(CUT) from error


def check(path: Path, tell=lambda size: None) -> Facts:
    """Read the whole backup and compare every member with the manifest; raise `Unusable` unless all of it is true."""
    facts, lines = read_manifest(path)
    for (member, content), text in zip(members(path), lines, strict=False):
        if member.name == MANIFEST:
            if "name" in text:
                raise Unusable(f"The backup lacks {text['name']}. Nothing was restored.")
            return facts
        digest = HashedReader(content).drain()
        if text != {"name": member.name, "size": member.size, "sha256": digest} or not NAMES.fullmatch(member.name):
            raise Unusable(f"The backup was changed or damaged: {member.name} is not what was saved.")
        tell(member.size)
    raise Unusable(CUT)


def read_manifest(path: Path) -> tuple[Facts, Iterator[dict]]:
    """Return the facts and the lines of the manifest, once its own digest was found right."""
    last = None
    for member, _ in members(path):
        last = member
    if last is None or last.name != MANIFEST:
        raise Unusable(CUT)
    with path.open("rb") as file:
        digest, before = hashlib.sha256(), b""
        for text in lines_at(file, last):
            digest.update(before)
            before = text
    if before != line({"sha256": digest.hexdigest()}):
        raise Unusable("The manifest of the backup was changed or damaged. Nothing was restored.")
    lines = manifest_lines(path, last)
    facts = next(lines)
    if facts.get("format") != FORMAT:
        raise Unusable(f"The backup has format {facts.get('format')}, which this version of Labeler cannot read.")
    return Facts(**facts), lines


def manifest_lines(path: Path, manifest: tarfile.TarInfo) -> Iterator[dict]:
    with path.open("rb") as file:
        yield from map(json.loads, lines_at(file, manifest))


def lines_at(file: IO[bytes], manifest: tarfile.TarInfo) -> Iterator[bytes]:
    file.seek(manifest.offset_data)
    left = manifest.size
    while left:
        text = file.readline(left)
        if not text:
            raise Unusable(CUT)
        left -= len(text)
        yield text
