"""Who can see what: every membership with the grant it rests on, to look through now and then."""

from collections.abc import Iterator
from datetime import date

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.admin.mixins import ReadOnly
from accounts.audit import record
from accounts.models import Grant, User, certificate_until, rights_of
from accounts.services import review_grants
from annotation.imaging.archive import csv_line
from projects.models import Access
from projects.permissions import Capability, what_ended

COLUMNS = (
    "person",
    "username",
    "e-mail",
    "project",
    "protocol",
    "role",
    "since",
    "added by",
    "approved by",
    "approved on",
    "until",
    "at present",
    "reviewed on",
    "reviewed by",
)


class AccessList(ChangeList):
    """Has beside each row the grant that it rests on, and the person's rights: two queries a page."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = with_grants(list(self.result_list))


def with_grants(rows: list) -> list:
    grants = Grant.objects.select_related("granted_by", "reviewed_by").in_bulk({row.grant_id for row in rows} - {None})
    rights = rights_of({row.user_id for row in rows})
    for row in rows:
        row.grant = grants.get(row.grant_id)
        row.user.rights = rights[row.user_id]
    return rows


class DueFilter(admin.SimpleListFilter):
    title = "review"
    parameter_name = "review"

    def lookups(self, request, model_admin):
        return [("due", "Due"), ("done", "Done lately")]

    def queryset(self, request, queryset):
        due = Q(grant_id__in=Grant.objects.due_for_review().values("pk"))
        return {"due": queryset.filter(due), "done": queryset.exclude(due)}.get(self.value() or "", queryset)


@admin.register(Access)
class AccessAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["person", "what", "role", "added", "approved", "until", "present", "reviewed"]
    list_display_links = None
    list_filter = [DueFilter, "role", ("project__protocol", admin.RelatedOnlyFieldListFilter)]
    ordering = ["pk"]  # none of a column; `get_ordering` has the real one
    list_select_related = ["user", "added_by", "project__protocol"]
    list_per_page = 100
    search_fields = ["user__username", "user__full_name", "user__email", "project__name", "project__protocol__number"]
    searches = "name, username, e-mail, project and protocol number"
    date_hierarchy = "added_at"
    actions = ["mark_reviewed"]
    fields = list_display
    readonly_fields = list_display

    def has_module_permission(self, request):
        return request.user.has_perm("accounts.view_grant")

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("accounts.view_grant")

    def has_review_permission(self, request):
        return request.user.has_perm("accounts.change_grant")

    def get_changelist(self, request, **kwargs):
        return AccessList

    def get_queryset(self, request):
        """Memberships of people who can log in, with the newest grant that lets them into the project."""
        current = Grant.objects.current().filter(user=OuterRef("user_id")).order_by("-since", "-pk").values("pk")
        covering = current.filter(protocols=OuterRef("project__protocol_id"))
        grant = Case(When(project__protocol=None, then=Subquery(current[:1])), default=Subquery(covering[:1]))
        rows = super().get_queryset(request).filter(removed_at=None, user__is_active=True).annotate(grant_id=grant)
        return rows.annotate(reviewed_at=Subquery(Grant.objects.filter(pk=OuterRef("grant_id")).values("reviewed_at")))

    def get_ordering(self, request):
        return [F("reviewed_at").asc(nulls_first=True), "user__full_name", "user__username", "project__name", "pk"]

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        return row and with_grants([row])[0]

    def changelist_view(self, request, extra_context=None):
        administrators = User.objects.filter(is_active=True, is_superuser=True).order_by("full_name")
        return super().changelist_view(request, {"administrators": administrators, **(extra_context or {})})

    def get_urls(self):
        as_csv = require_POST(self.admin_site.admin_view(self.as_csv))
        return [path("csv/", as_csv, name="accounts_access_csv"), *super().get_urls()]

    def as_csv(self, request):
        """The list as it is filtered, with the administrators, in a form that no spreadsheet takes for a formula."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).queryset
        record("report downloaded", Access, actor=request.user, new=f"{len(rows)} rows")
        lines = [
            csv_line(COLUMNS),
            *self.administrator_lines(),
            *(self.csv_row(row) for row in with_grants(list(rows))),
        ]
        name = f"who-can-see-what-{timezone.localdate()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse("\ufeff".encode() + b"".join(lines), "text/csv", headers=headers)

    def administrator_lines(self) -> Iterator[bytes]:
        for user in User.objects.filter(is_active=True, is_superuser=True).order_by("full_name"):
            person = (user.full_name, user.username, user.email)
            yield csv_line(
                (*person, "every project", "", "administrator", day(user.date_joined), *[""] * 4, "open", "", "")
            )

    def csv_row(self, row) -> bytes:
        grant, project = row.grant, row.project
        return csv_line(
            (
                row.user.full_name,
                row.user.username,
                row.user.email,
                project.name,
                project.protocol or "",
                row.role,
                day(row.added_at),
                row.added_by.full_name,
                grant and grant.granted_by.full_name,
                grant and day(grant.since),
                ends(row)[0],
                state(row)[1],
                grant and day(grant.reviewed_at),
                grant and grant.reviewed_by and grant.reviewed_by.full_name,
            )
        )

    @admin.action(description="Mark as reviewed", permissions=["review"])
    def mark_reviewed(self, request, queryset):
        rows = with_grants(list(queryset))
        grants = {row.grant for row in rows if row.grant}
        done = review_grants(grants, by=request.user)
        left_out = "" if done == len(grants) else " Nobody reviews their own."
        words = f"{done} grant{'' if done == 1 else 's'} marked as reviewed.{left_out}"
        self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)

    @admin.display(ordering="user__full_name")
    def person(self, row):
        return stack(row.user.full_name, row.user.username, row.user.email)

    @admin.display(description="project and protocol", ordering="project__name")
    def what(self, row):
        archived = "archived" if row.project.archived_at else ""
        return stack(row.project.name, row.project.protocol or "no protocol", archived)

    @admin.display(description="since", ordering="added_at")
    def added(self, row):
        return stack(day(row.added_at), f"added by {row.added_by.full_name}")

    @admin.display(description="approved by")
    def approved(self, row):
        return stack(row.grant.granted_by.full_name, day(row.grant.since)) if row.grant else "nobody"

    @admin.display
    def until(self, row):
        end, what = ends(row)
        return stack(end, what) if end else "no end"

    @admin.display(description="at present")
    def present(self, row):
        kind, words = state(row)
        return format_html('<span class="state state-{}">{}</span>', kind, words)

    @admin.display(ordering="reviewed_at")
    def reviewed(self, row):
        grant = row.grant
        if grant is None:
            return ""
        return stack(day(grant.reviewed_at), f"by {grant.reviewed_by.full_name}") if grant.reviewed_at else "never"


def state(row) -> tuple[str, str]:
    """How the person stands to the project now: a word for the colour, and what to say."""
    user, project = row.user, row.project
    if user.is_irb_staff:
        return "declined", "closed: IRB staff see no images"
    if not user.may_label:
        return "declined", "closed: no grant holds"
    ended = what_ended(user, project)
    if ended is None:
        return "approved", "open"
    if Capability.SEE in ended.takes:
        return "declined", "closed: not approved for the protocol"
    return "pending", "read-only"


def ends(row) -> tuple[str, str]:
    """When the first of what the access rests on ends, and which; empty if nothing does."""
    protocol, grant = row.project.protocol, row.grant
    dates: list[tuple[date | None, str]] = [
        (protocol and protocol.expires_on, "protocol"),
        (certificate_until(row.user.rights.certificate_date), "certificate"),
        (grant and grant.until and timezone.localdate(grant.until), "grant"),
    ]
    known = sorted((when, what) for when, what in dates if when)
    return (f"{known[0][0]:%Y-%m-%d}", known[0][1]) if known else ("", "")


def day(when) -> str:
    return f"{when:%Y-%m-%d}" if when else ""


def stack(*lines):
    """Lines below each other, the first of them the most important."""
    spans = [format_html("<span>{}</span>", line) for line in lines if line]
    return format_html('<span class="stack">{}</span>', format_html("{}" * len(spans), *spans))
