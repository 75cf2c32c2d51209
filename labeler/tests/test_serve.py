"""`manage.py serve`: what it refuses, when it fills the database, its certificate, and tasks that were lost."""

import socket
import ssl
import stat
from datetime import timedelta

import environ
import pytest
from cryptography import x509
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from labeler.management import site, tasks, tls
from labeler.management.commands.serve import demo_wanted


class Environment(environ.FileAwareEnv):
    """An environment that a test wrote."""

    def __init__(self, **variables):
        super().__init__()
        self.ENVIRON = variables


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, True),
        ({"DEBUG": "1"}, True),
        ({"DEBUG": "0"}, False),
        ({"DEBUG": "false"}, False),
        ({"DATABASE_URL": "postgres://localhost/labeler"}, False),
        ({"DATABASE_URL": "postgres://localhost/labeler", "DEBUG": "1"}, False),
        ({"DATABASE_URL": "postgres://localhost/labeler", "DEBUG": "0", "DEMO": "1"}, True),
        ({"DATABASE_URL": "", "DEMO": ""}, True),
        ({"DEMO": "0"}, False),
    ],
)
def test_demo_only_fills_a_plain_laptop_start_unless_it_is_asked_for(variables, wanted):
    assert demo_wanted(Environment(**variables)) is wanted


def test_port_in_use_is_one_clear_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=rf"^Port {port} is in use by another program; .*PORT={port + 1}\.$"):
            call_command("serve", host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [("192.0.2.1", 8000, "Cannot listen on HOST=192.0.2.1"), ("127.0.0.1", 70000, "There is no port 70000")],
)
def test_place_where_nothing_can_listen_is_one_clear_sentence(host, port, sentence):
    with pytest.raises(CommandError, match=sentence):
        site.check_port(host, port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("lab", False)],
)
def test_loopback_is_recognised(host, loopback):
    assert tls.is_loopback(host) is loopback


def test_loopback_is_served_without_tls(tmp_path):
    here = site.Site.on("127.0.0.1", 8000, tls_folder=tmp_path)
    assert here.addresses == ["http://127.0.0.1:8000/"]
    assert here.arguments == []
    assert "HTTPS" not in here.environment
    assert list(tmp_path.iterdir()) == []


def test_any_other_host_is_served_with_tls(tmp_path, monkeypatch):
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    here = site.Site.on("0.0.0.0", 8443, tls_folder=tmp_path)
    assert all(address.startswith("https://") for address in here.addresses)
    assert here.environment["HTTPS"] == "1"
    assert {"localhost", "127.0.0.1", "[::1]", socket.gethostname()} <= set(
        here.environment["ALLOWED_HOSTS"].split(",")
    )
    assert here.arguments == [f"--certfile={tmp_path / 'certificate.pem'}", f"--keyfile={tmp_path / 'key.pem'}"]


def test_hosts_that_were_named_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "labeler.example.org")
    assert "ALLOWED_HOSTS" not in site.Site.on("0.0.0.0", 8443, tls_folder=tmp_path).environment


def test_certificate_covers_its_names_and_its_key_is_private(tmp_path):
    key, certificate = tls.certificate_for(["127.0.0.1", "lab.example.org"], tmp_path / "tls")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    names = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["lab.example.org"]
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_certificate_is_kept_until_a_name_is_missing_or_its_end_is_near(tmp_path, monkeypatch):
    def made(names):
        return tls.certificate_for(names, tmp_path)[1].read_bytes()

    first = made(["127.0.0.1", "lab"])
    assert made(["127.0.0.1"]) == first
    second = made(["127.0.0.1", "office"])
    assert second != first
    soon = timezone.now() + tls.LIFETIME - timedelta(days=20)
    monkeypatch.setattr(tls.timezone, "now", lambda: soon)
    assert made(["office"]) != second


def lost_task(owner: str, attempts: int = 1) -> DBTaskResult:
    return DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path="projects.tasks.make_tiles",
        backend_name="default",
        run_after=timezone.now(),
        started_at=timezone.now(),
        status=TaskResultStatus.RUNNING,
        worker_ids=[owner] * attempts,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("owner", "attempts", "status"),
    [
        (f"serve-{tasks.HOST}-2-ab", 1, TaskResultStatus.READY),
        (f"serve-{tasks.HOST}-2-ab", 3, TaskResultStatus.FAILED),
        (f"serve-{tasks.HOST}-1-ab", 1, TaskResultStatus.RUNNING),
        ("serve-elsewhere-2-ab", 1, TaskResultStatus.RUNNING),
        ("worker-of-systemd", 1, TaskResultStatus.RUNNING),
    ],
)
def test_only_tasks_of_dead_workers_run_again(monkeypatch, owner, attempts, status):
    monkeypatch.setattr(tasks, "is_alive", lambda pid: pid == 1)
    task = lost_task(owner, attempts)
    tasks.requeue_lost_tasks()
    task.refresh_from_db()
    assert task.status == status


def test_a_running_process_is_alive_and_a_number_without_one_is_not():
    assert tasks.is_alive(1)
    assert not tasks.is_alive(2**22 + 1)
