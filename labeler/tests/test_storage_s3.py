"""The stores on S3: the same promise, kept by a server that speaks the protocol."""

import base64
import hashlib
import threading
import time

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from labeler.storage import S3_PUTS_AT_ONCE, STORE_ERRORS, save_all

pytestmark = [pytest.mark.s3, pytest.mark.usefixtures("s3_stores")]


@pytest.fixture
def bucket(s3_server):
    client = boto3.client("s3", endpoint_url=s3_server["S3_ENDPOINT_URL"], region_name=s3_server["S3_REGION"])

    class Bucket:
        def head(self, name: str) -> dict:
            key = f"{storages['labels'].location}/{name}"
            return client.head_object(Bucket=s3_server["S3_BUCKET"], Key=key, ChecksumMode="ENABLED")

    return Bucket()


def read(name: str) -> bytes:
    with storages["labels"].open(name) as file:
        return file.read()


def test_a_file_is_put_with_the_sha256_of_its_content(bucket):
    content = b"labels" * 100
    storages["labels"].save("key/blob", ContentFile(content))
    expected = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert bucket.head("key/blob")["ChecksumSHA256"] == expected
    assert read("key/blob") == content


def test_saving_the_same_again_heals_what_was_damaged():
    save_all(storages["labels"], {"key/blob": b"lAbels"})
    save_all(storages["labels"], {"key/blob": b"labels"})
    assert read("key/blob") == b"labels"


def test_what_is_missing_is_a_missing_file():
    with pytest.raises(FileNotFoundError):
        read("key/nothing")


def test_many_files_go_at_once_but_not_more_than_eight(monkeypatch):
    store, running, most, guard = storages["labels"], 0, 0, threading.Lock()
    save = store.save

    def watched(name, content):
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        saved = save(name, content)
        with guard:
            running -= 1
        return saved

    monkeypatch.setattr(store, "save", watched)
    files = {f"key/{number}": bytes([number]) * 50 for number in range(24)}
    save_all(store, files)
    assert most == S3_PUTS_AT_ONCE
    assert {name: read(name) for name in files} == files


def test_one_put_that_fails_fails_them_all(monkeypatch):
    store = storages["labels"]
    save = store.save

    def fail(name, content):
        if name == "key/3":
            raise TimeoutError
        return save(name, content)

    monkeypatch.setattr(store, "save", fail)
    with pytest.raises(TimeoutError):
        save_all(store, {f"key/{number}": b"labels" for number in range(24)})


def test_a_store_that_is_down_is_asked_again_and_then_given_up(settings):
    options = settings.STORAGES["labels"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
    settings.STORAGES = settings.STORAGES | {"labels": settings.STORAGES["labels"] | {"OPTIONS": options}}
    store, tries = storages["labels"], []
    client = store.connection.meta.client
    client.meta.events.register("before-send.s3", lambda **details: tries.append(1) and None)
    started = time.monotonic()
    with pytest.raises(STORE_ERRORS):
        store.save("key/blob", ContentFile(b"labels"))
    assert len(tries) == 4
    assert time.monotonic() - started < 15


def test_attack_53_nothing_has_a_public_address():
    with pytest.raises(ValueError, match="never by a public address"):
        storages["labels"].url("key/blob")
