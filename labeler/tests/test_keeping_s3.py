"""Backup, restore, verify and sweep where the stores are on S3."""

import logging

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from annotation import sweeping
from labeler.tests.installation import Installation

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer  # takes seconds to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """Make a bucket; return the environment that leads to it."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in credentials.items():
        monkeypatch.setenv(name, value)

    def make(name: str) -> dict[str, str]:
        client = boto3.client("s3", endpoint_url=server, region_name=REGION)
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        place = {"S3_BUCKET": name, "S3_ENDPOINT_URL": server, "S3_REGION": REGION, "S3_ADDRESSING_STYLE": "path"}
        return credentials | place

    return make


def objects(environment: dict[str, str]) -> dict[str, bytes]:
    client = boto3.client("s3", endpoint_url=environment["S3_ENDPOINT_URL"], region_name=REGION)
    bucket = environment["S3_BUCKET"]
    names = [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}


def test_drill_from_one_bucket_into_another(bucket, tmp_path):
    first, second = bucket("first"), bucket("second")
    with Installation(tmp_path / "first", **first) as site, Installation(tmp_path / "second", **second) as target:
        site.seed("1", "1")
        site.manage("backup", str(tmp_path / "backup.tar"))
        assert "whole and true" in target.manage("restore", str(tmp_path / "backup.tar"))
        assert len(objects(first)) == 3
        assert objects(second) == objects(first)
        client = boto3.client("s3", endpoint_url=first["S3_ENDPOINT_URL"], region_name=REGION)
        client.delete_object(Bucket="second", Key=next(name for name in objects(second) if name.startswith("labels")))
        said = target.manage("verify", code=1)
        assert "is missing" in said
        assert "not empty" in target.manage("restore", str(tmp_path / "backup.tar"), code=1)


@pytest.mark.django_db
def test_sweep_deletes_what_is_old_enough_there(bucket, settings, monkeypatch):
    place = bucket("third")
    options = {"bucket_name": "third", "endpoint_url": place["S3_ENDPOINT_URL"], "region_name": REGION}
    for alias in ("images", "labels"):
        store = {"BACKEND": "labeler.storage.PrivateS3Storage", "OPTIONS": {"location": alias, **options}}
        settings.STORAGES = settings.STORAGES | {alias: store}
    storages["labels"].save(f"{'0' * 32}/{'a' * 64}", ContentFile(b"orphan"))
    assert [goes for _, _, goes in sweeping.sweep(delete=True)] == [False]
    monkeypatch.setattr(sweeping, "KEPT_HOURS", -1)
    assert [(size, goes) for _, size, goes in sweeping.sweep(delete=True)] == [(6, True)]
    assert objects(place) == {}
