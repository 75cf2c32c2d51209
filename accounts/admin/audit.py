"""The audit trail, to read, search and take away."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import compress, pairwise

from django.contrib import admin
from django.db import connection
from django.db.models import Exists, Max, Min, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts import chain
from accounts.admin.mixins import ReadOnly
from accounts.audit import in_short, record
from accounts.models import AuditEvent, AuditHead
from annotation.imaging.archive import csv_line

AT_ONCE = 2_000


class TrailQuerySet(QuerySet):
    """Finds what the list of dates needs in the index; Django's own way looks at every event."""

    def aggregate(self, *args, **wanted):
        """One after the other: SQLite finds the earliest and the latest by index only if asked for each alone."""
        return {name: super(TrailQuerySet, self).aggregate(**{name: value})[name] for name, value in wanted.items()}

    def datetimes(self, field_name, kind, order="ASC", tzinfo=None):
        ends = self.aggregate(first=Min("at"), last=Max("at"))
        if ends["first"] is None:
            return []
        starts = [beginning(ends["first"], kind)]
        while starts[-1] <= ends["last"]:
            starts.append(beginning(starts[-1] + timedelta(days=LONGEST[kind]), kind))
        found = {
            f"period_{number}": Exists(self.order_by().filter(at__gte=start, at__lt=end))
            for number, (start, end) in enumerate(pairwise(starts))
        }
        # The head is one row, to hang the look-ups on.
        [filled] = AuditHead.objects.annotate(**found).values_list(*found)
        return list(compress(starts, filled))


LONGEST = {"day": 1, "month": 31, "year": 366}


def beginning(at: datetime, kind: str) -> datetime:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[kind]


def values_by_index(column: str) -> list[str]:
    """Return the different values of an indexed column, by going from one to the next larger."""
    table = AuditEvent._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(value) AS (SELECT MIN({column}) FROM {table} UNION ALL"  # noqa: S608  (our own names)
            f" SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > found.value) FROM found"
            " WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]


class ValuesFilter(admin.SimpleListFilter):
    """By the values of an indexed column."""

    column: str

    def lookups(self, request, model_admin):
        return [(value, value) for value in values_by_index(self.column)]

    def queryset(self, request, queryset):
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class ActionFilter(ValuesFilter):
    title = parameter_name = column = "action"


class ObjectFilter(ValuesFilter):
    title = "kind of object"
    parameter_name = column = "object_type"


class RoleFilter(admin.SimpleListFilter):
    title = "role"
    parameter_name = "role"
    roles = ["administrator", "IRB staff", "creator", "reviewer", "annotator", "outsider", "approved", "not approved"]

    def lookups(self, request, model_admin):
        return [(role, role) for role in self.roles] + [("none", "system, or nobody signed in")]

    def queryset(self, request, queryset):
        return queryset.filter(role="" if self.value() == "none" else self.value()) if self.value() else queryset


def csv_pieces(events: Iterable[AuditEvent]) -> Iterator[bytes]:
    """For spreadsheets: what would be a formula there has an apostrophe before it, so hashes may not fit any more."""
    yield csv_line([*chain.FIELDS, "hash"])
    for event in events:
        yield csv_line([*event.values(), event.hash])


def json_pieces(events: Iterable[AuditEvent]) -> Iterator[bytes]:
    """The text that was hashed, with the hash as one more member at its end."""
    for event in events:
        yield f'{event.text()[:-1]},"hash":"{event.hash}"}}\n'.encode()


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["sequence", "when", "who", "what", "object", "change", "why", "ip"]
    list_filter = [ActionFilter, RoleFilter, ObjectFilter]
    search_fields = ["actor_name", "object_id__exact", "request_id__exact", "protocol__exact", "ip__exact", "reason"]
    searches = "names and words of reasons; or exactly: the number of an object, a protocol, an address, a request"
    date_hierarchy = "at"
    ordering = ["-sequence"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count every event once for each choice
    actions = ["download_csv", "download_json"]
    fields = ["sequence", "when", "actor_name", "role", "protocol", "ip", "request_id", "project", "object", "action"]
    fields += ["field", "old", "new", "reason", "previous_hash", "hash"]
    readonly_fields = fields

    def get_queryset(self, request):
        return TrailQuerySet(self.model).order_by(*self.ordering)

    @admin.display(description="at (UTC)", ordering="at")
    def when(self, event):
        return f"{event.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(ordering="actor_name")
    def who(self, event):
        return format_html('<span class="stack"><b>{}</b> <span>{}</span></span>', event.actor_name, event.role)

    @admin.display(ordering="action")
    def what(self, event):
        return event.action

    @admin.display(ordering="object_type")
    def object(self, event):
        return f"{event.object_type.split('.')[-1]} {event.object_id}"

    @admin.display(empty_value="")
    def change(self, event):
        parts = [event.field, in_short(event.new), event.old and f"was {in_short(event.old)}"]
        parts = [(part,) for part in parts if part]
        lines = format_html_join(" ", "<span>{}</span>", parts)
        return format_html('<span class="stack">{}</span>', lines) if parts else None

    @admin.display(description="reason", empty_value="")
    def why(self, event):
        return in_short(event.reason)

    @admin.action(description="Download as CSV", permissions=["view"])
    def download_csv(self, request, queryset):
        return self.download(request, queryset, "csv", "text/csv; charset=utf-8", csv_pieces)

    @admin.action(description="Download as JSON lines, to verify", permissions=["view"])
    def download_json(self, request, queryset):
        return self.download(request, queryset, "jsonl", "application/x-ndjson", json_pieces)

    def download(self, request, queryset, extension, content_type, pieces):
        """Stream the events chosen, the oldest first, without the one that says so."""
        count, chosen = queryset.count(), request.GET.urlencode()
        last = AuditEvent.objects.order_by("sequence").last()
        events = queryset.filter(sequence__lte=last.sequence if last else 0).order_by("sequence")
        new = f"{count} events as {extension}" + (f", chosen by {chosen}" if chosen else "")
        record("audit trail exported", AuditEvent, actor=request.user, new=new)
        name = f"audit-trail-{timezone.now():%Y-%m-%d}.{extension}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return StreamingHttpResponse(pieces(events.iterator(AT_ONCE)), content_type=content_type, headers=headers)
