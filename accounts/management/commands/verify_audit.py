"""`manage.py verify_audit`: is every event of the audit trail still there, as it was written and in its place?"""

import re
import time
from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Max

from accounts import chain, guard
from accounts.models import AUDIT_COLUMNS, AuditEvent, AuditHead
from labeler.management.progress import Progress

AT_ONCE = 2_000
MOST_NAMED = 50
SEQUENCE, PREVIOUS = chain.FIELDS.index("sequence"), chain.FIELDS.index("previous_hash")
HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})\Z")


def saved_head(text: str) -> tuple[int, str]:
    found = HEAD.match(text)
    if not found:
        raise CommandError("A head is NUMBER:HASH, as an earlier run printed it.")
    return int(found[1]), found[2]


def findings(rows, head: tuple[int, str], saved: list[tuple[int, str]]) -> Iterator[str]:
    """Say what is wrong with the events; `saved` are heads that somebody kept of earlier."""
    wanted = dict(saved)
    last, previous = 0, chain.BEGINNING
    for *values, kept in rows:
        number = values[SEQUENCE]
        if number != last + 1:
            yield f"After event {last} comes event {number}."
        elif values[PREVIOUS] != previous:
            yield f"Event {number} does not follow the one before it."
        if chain.digest(chain.serialise(values)) != kept:
            yield f"Event {number} was changed."
        if wanted.pop(number, kept) != kept:
            yield f"Event {number} is not the one whose hash was saved: the trail was written anew."
        last, previous = number, kept
    if (last, previous) != head:
        yield f"The last event is {last}, but the head of the trail says {head[0]}, or has another hash."
    for number in sorted(wanted):
        yield f"Event {number}, whose hash was saved, is missing."


class Command(BaseCommand):
    help = "Check the audit trail: every event against its hash, and each against the one before; 1 if one is wrong."

    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="NUMBER:HASH",
            help="what an earlier run printed, kept elsewhere: finds what was cut off or written anew; may be repeated",
        )

    def handle(self, *, head, **options):
        saved = [saved_head(text) for text in head]
        started = time.monotonic()
        wrong = 0
        progress = Progress("Checking events", AuditEvent.objects.count())
        for sentence in self.findings(saved, progress):
            wrong += 1
            if wrong <= MOST_NAMED:
                progress.end()
                self.stdout.write(sentence)
        rate = progress.done / (time.monotonic() - started)
        self.stdout.write(f"Checked {progress.done:,} events, {rate:,.0f} a second.")
        if wrong:
            raise CommandError(f"The audit trail is not as it was written. Findings: {wrong:,}.")
        self.stdout.write("Every event is there, as it was written. The head of the trail, to keep elsewhere:")
        self.stdout.write(self.head)

    def findings(self, saved: list[tuple[int, str]], progress: Progress) -> Iterator[str]:
        for name in guard.missing(connection):
            yield f"The trigger {name} is missing or changed: the database may let events be changed."
        # In this order: an event and the head move together, so no event that we see is beyond the head.
        newest = AuditEvent.objects.aggregate(newest=Max("sequence"))["newest"] or 0
        head = AuditHead.objects.first() or AuditHead()
        sequence = head.sequence
        if newest > sequence:
            yield f"Events {sequence + 1} to {newest} lie beyond the head of the trail."
        events = AuditEvent.objects.filter(sequence__lte=sequence).order_by("sequence")
        rows = events.values_list(*AUDIT_COLUMNS, "hash").iterator(AT_ONCE)
        yield from findings(progress.over(rows), (sequence, head.hash), saved)
        self.head = str(head)
