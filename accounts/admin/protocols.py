"""Protocols: what IRB staff keep about each, what is under it, and when it ends."""

from datetime import timedelta

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts.admin.mixins import Audited, NeverDeleted, StartingFilter
from accounts.dashboard import SOON_DAYS
from accounts.models import Grant, Protocol

Status = Protocol.Status


class ProtocolForm(forms.ModelForm):
    def clean(self):
        super().clean()
        approved, expires = self.cleaned_data.get("approved_on"), self.cleaned_data.get("expires_on")
        if approved and expires and expires <= approved:
            self.add_error("expires_on", "It would end before it began.")
        return self.cleaned_data


class HoldsFilter(StartingFilter):
    """Without a choice, whatever is not closed: what may need something done."""

    title = "state"
    parameter_name = "state"
    start = "open"

    def lookups(self, request, model_admin):
        counts = Protocol.objects.aggregate(
            **{name: Count("pk", filter=which) for name, which in self.states().items()}
        )
        words = {"open": "Not closed", "soon": f"Ends within {SOON_DAYS} days", "over": "Expired or suspended"}
        words |= {"closed": "Closed", "all": "All"}
        return [(name, f"{words[name]} ({counts[name]})") for name in words]

    def states(self) -> dict[str, Q]:
        today = timezone.localdate()
        expired = Q(expires_on__lte=today)
        soon = Q(expires_on__gt=today, expires_on__lte=today + timedelta(days=SOON_DAYS))
        return {
            "open": ~Q(status=Status.CLOSED),
            "soon": Q(status=Status.ACTIVE) & soon,
            "over": Q(status=Status.SUSPENDED) | Q(status=Status.ACTIVE) & expired,
            "closed": Q(status=Status.CLOSED),
            "all": Q(),
        }

    def queryset(self, request, queryset):
        return queryset.filter(self.states().get(self.value(), Q()))


@admin.register(Protocol)
class ProtocolAdmin(Audited, NeverDeleted, admin.ModelAdmin):
    form = ProtocolForm
    list_display = [
        "number",
        "name",
        "principal_investigator",
        "state",
        "approved_on",
        "expires_on",
        "projects",
        "people",
    ]
    list_filter = [HoldsFilter]
    search_fields = ["number", "title", "principal_investigator", "notes"]
    searches = "number, title, principal investigator and notes"
    date_hierarchy = "expires_on"
    ordering = ["expires_on", "number"]
    fields = [
        "number",
        "title",
        "principal_investigator",
        ("approved_on", "expires_on"),
        ("status", "status_since"),
        "notes",
        "under_it",
        "approved_for_it",
    ]
    readonly_fields = ["status_since", "under_it", "approved_for_it"]

    def get_queryset(self, request):
        under = Count("projects", filter=Q(projects__archived_at=None), distinct=True)
        return (
            super()
            .get_queryset(request)
            .annotate(project_count=under, people_count=Count("grants__user", filter=current_grants(), distinct=True))
        )

    def get_fields(self, request, obj=None):
        return self.fields if obj else [*self.fields[:4], "status", "notes"]

    def save_model(self, request, obj, form, change):
        if "status" in form.changed_data:
            obj.status_since = timezone.localdate()
        super().save_model(request, obj, form, change)

    @admin.display(ordering="title", description="title")
    def name(self, protocol):
        return format_html('<span class="clamp">{}</span>', protocol.title)

    @admin.display(ordering="status")
    def state(self, protocol):
        if protocol.ended:
            return format_html('<span class="state state-declined">{}</span>', protocol.ended)
        days = (protocol.expires_on - timezone.localdate()).days if protocol.expires_on else None
        if days is not None and days <= SOON_DAYS:
            return format_html(
                '<span class="state state-pending">ends in {} day{}</span>', days, "" if days == 1 else "s"
            )
        return format_html('<span class="state state-approved">{}</span>', "holds")

    @admin.display(ordering="project_count")
    def projects(self, protocol):
        return protocol.project_count

    @admin.display(ordering="people_count", description="people approved")
    def people(self, protocol):
        return protocol.people_count

    @admin.display(description="projects")
    def under_it(self, protocol):
        rows = protocol.projects.select_related("creator").order_by("name")
        return listed((project.name, f"by {project.creator.full_name}") for project in rows)

    @admin.display(description="people approved")
    def approved_for_it(self, protocol):
        grants = Grant.objects.current().filter(protocols=protocol).select_related("user").order_by("user__full_name")
        return listed(
            (grant.user.full_name, f"until {grant.until:%Y-%m-%d}" if grant.until else "") for grant in grants
        )


def current_grants() -> Q:
    now = timezone.now()
    return Q(grants__since__lte=now) & (Q(grants__until=None) | Q(grants__until__gt=now))


def listed(items):
    rows = format_html_join("", "<li>{} <span>{}</span></li>", items)
    return format_html('<ul class="listed">{}</ul>', rows) if rows else "None"
