"""Stores and a database that fail when a test says so: at the n-th call, in one of the ways that real ones do."""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import ClientError, ReadTimeoutError
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import OperationalError, connection
from django.utils.module_loading import import_string


@dataclass
class Call:
    """One call of a store: `whole` does what was asked, `half` a part of it."""

    what: str
    whole: Callable
    half: Callable = lambda: None


Fault = Callable[[Call], object]


def error(call: Call):
    raise OSError(errno.EIO, "Input/output error")


def full(call: Call):
    raise OSError(errno.ENOSPC, "No space left on device")


def read_only(call: Call):
    raise OSError(errno.EROFS, "Read-only file system")


def busy(call: Call):
    raise ClientError({"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "PutObject")


def timeout(call: Call):
    raise ReadTimeoutError(endpoint_url="https://s3.example.org")


def short_write(call: Call):
    call.half()
    raise OSError(errno.EIO, "Input/output error")


def lost_answer(call: Call):
    done = call.whole()
    if isinstance(done, File):
        done.close()
    raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def slow(call: Call):
    time.sleep(0.01)
    return call.whole()


FAULTS: list[Fault] = [error, full, read_only, busy, timeout, short_write, lost_answer, slow]


@dataclass
class Faults:
    """Which call fails, counted over all stores, and how."""

    nth: int = 0
    fault: Fault | None = None
    lasting: bool = False
    calls: list[str] = field(default_factory=list)
    fired: bool = False

    def call(self, call: Call):
        self.calls.append(call.what)
        due = len(self.calls) >= self.nth if self.lasting else len(self.calls) == self.nth
        if self.fault is None or not due:
            return call.whole()
        self.fired = True
        return self.fault(call)

    @contextmanager
    def at(self, nth: int, fault: Fault, *, lasting: bool = False) -> Iterator["Faults"]:
        """Let the nth call from here on fail, counted from 1, and all after it if `lasting`."""
        self.nth, self.fault, self.lasting, self.calls, self.fired = nth, fault, lasting, [], False
        try:
            yield self
        finally:
            self.fault = None


faults = Faults()


class FaultyStorage(Storage):
    """Another store with faults before it; give its entry of STORAGES as `store`."""

    def __init__(self, store: dict):
        self.store = import_string(store["BACKEND"])(**store["OPTIONS"])

    def save(self, name, content, max_length=None):
        data = content.read()
        return faults.call(
            Call(
                f"save {name}",
                lambda: self.store.save(name, ContentFile(data)),
                lambda: self.store.save(name, ContentFile(data[: len(data) // 2])),
            )
        )

    def open(self, name, mode="rb"):
        return faults.call(Call(f"open {name}", lambda: self.store.open(name, mode)))

    def exists(self, name):
        return faults.call(Call(f"exists {name}", lambda: self.store.exists(name)))

    def delete(self, name):
        return faults.call(Call(f"delete {name}", lambda: self.store.delete(name)))

    def listdir(self, path):  # of tests only
        return self.store.listdir(path)


@contextmanager
def database_fails(nth: int, *, lasting: bool) -> Iterator[list[str]]:
    """Let the nth statement from here on fail, counted from 1, and all after it if `lasting`; yield what was run."""
    statements: list[str] = []

    def execute(run, sql, params, many, context):
        statements.append(sql)
        if len(statements) == nth or (lasting and len(statements) > nth):
            raise OperationalError("the database is not there")
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield statements
