"""Tasks that a killed worker left behind: the queue itself has no lease and would keep them RUNNING for ever."""

import os
import re
import secrets
import socket
from typing import Any

from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

ATTEMPTS = 3
HOST = socket.gethostname()[:30]


def worker_id() -> str:
    """A name for the worker that this process starts, from which `requeue_lost_tasks` can tell whether it lives."""
    return f"serve-{HOST}-{os.getpid()}-{secrets.token_hex(4)}"


def is_alive(pid: int) -> bool:
    """Does another process of this number run?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != os.getpid()


def requeue_lost_tasks() -> int:
    """Let tasks of dead workers of this machine run again, and fail those lost ATTEMPTS times; returns how many.

    Workers that were started in another way, or elsewhere, are not ours to judge.
    """
    count = 0
    for task in DBTaskResult.objects.running():
        owner = re.fullmatch(rf"serve-{re.escape(HOST)}-(\d+)-[0-9a-f]+", task.worker_ids[-1])
        if owner is None or is_alive(int(owner[1])):
            continue
        change: dict[str, Any] = {"status": TaskResultStatus.READY, "started_at": None}
        if len(task.worker_ids) >= ATTEMPTS:
            change = {
                "status": TaskResultStatus.FAILED,
                "finished_at": timezone.now(),
                "exception_class_path": "builtins.ChildProcessError",
                "traceback": f"The worker was killed during this task {ATTEMPTS} times.",
            }
        count += DBTaskResult.objects.running().filter(pk=task.pk).update(**change)
    return count
