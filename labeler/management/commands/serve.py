"""`manage.py serve`: the whole of Labeler on one machine, in one terminal, ended by Ctrl-C."""

import os
import sys
import time
from pathlib import Path

import environ
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from labeler.management.processes import Family
from labeler.management.site import Site, check_port
from labeler.management.tasks import requeue_lost_tasks, worker_id

START_SECONDS = 90


def demo_wanted(env: environ.Env) -> bool:
    """May an empty database be filled with the demo? DEMO decides; without it, only a plain start on a laptop does."""
    if env.str("DEMO", default=""):
        return env.bool("DEMO")
    return not env.str("DATABASE_URL", default="") and env.bool("DEBUG", default=True)


def web_command(bind: str, *arguments: str) -> list[str]:
    """The words that start the web server."""
    words = ["-m", "gunicorn", "labeler.wsgi", "--bind", bind, "--workers=1", "--worker-class=gthread", "--threads=8"]
    return [sys.executable, *words, "--graceful-timeout=30", "--no-control-socket", "--log-level=warning", *arguments]


def task_command(worker: str) -> list[str]:
    """The words that start the task worker of this name."""
    words = ["manage.py", "db_worker", "--interval=1", "--no-reload", "--verbosity=0", "--worker-id", worker]
    return [sys.executable, *words]


class Command(BaseCommand):
    help = "Start the web server and the task worker on this machine; Ctrl-C ends both."

    def add_arguments(self, parser):
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000)
        parser.add_argument("--images", default=os.environ.get("IMAGES"), help="a folder of images for the demo")

    def handle(self, *, host, port, images, **options):
        host = host.strip("[]")
        check_port(host, port)
        if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
            raise CommandError("Static files are not collected yet; start with: make run")
        self.migrate()
        self.fill(images)
        if count := requeue_lost_tasks():
            self.say(f"Tasks that a killed worker left behind, to be taken up again: {count}.")
        connection.close()
        self.run(Site.on(host, port, tls_folder=settings.DATA_DIR / "tls"))

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Bringing the database up to date …")
            call_command("migrate", verbosity=0, interactive=False)

    def fill(self, images: str | None) -> None:
        """The demo, for an empty database where it is wanted."""
        if get_user_model().objects.exists():
            if images:
                self.say("IMAGES= fills an empty database only; this one has people in it, so nothing was added.")
        elif demo_wanted(environ.FileAwareEnv()):
            call_command("demo", images=images, stdout=self.stdout)
        else:
            self.say("The database is empty; make the first administrator: .venv/bin/python manage.py createsuperuser")

    def run(self, site: Site) -> None:
        family = Family()
        family.listen()
        try:
            self.start_children(family, site)
            self.wait_for_answer(family, site)
            died = family.watch()
        finally:
            self.say("Ending; work in progress is finished first (Ctrl-C again ends it at once) …")
            family.end()
        if died:
            raise CommandError(f"The {died} ended by itself, so everything was ended; what it said stands above.")
        self.say("Labeler has ended.")

    def start_children(self, family: Family, site: Site) -> None:
        commands = {"web server": web_command(site.bind, *site.arguments), "task worker": task_command(worker_id())}
        for name, command in commands.items():
            family.start(name, command, cwd=settings.BASE_DIR, environment=site.environment)

    def wait_for_answer(self, family: Family, site: Site) -> None:
        """Print the address once the log-in page is really there."""
        deadline = time.monotonic() + START_SECONDS
        while not family.dead() and not family.asked_to_stop.wait(0.1):
            status = site.status()
            if status and status < 500:
                return self.announce(site)
            if status or time.monotonic() > deadline:
                problem = f"answers with error {status}" if status else f"did not answer within {START_SECONDS} s"
                raise CommandError(f"The web server {problem}; what it said stands above.")

    def announce(self, site: Site) -> None:
        self.say("")
        for address in site.addresses:
            self.say(f"  Labeler is ready: {self.style.SUCCESS(address)}")
        if site.scheme == "https":
            self.say("  The certificate is self-made: each browser asks once whether to trust it.")
        self.say("  Ctrl-C ends it.\n")
