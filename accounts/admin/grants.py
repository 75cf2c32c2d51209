"""Grants: what IRB staff allowed, under which protocols, and until when."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html

from accounts.admin.access import day, stack
from accounts.admin.mixins import Audited, NeverDeleted, StartingFilter
from accounts.models import Grant, User, certificate_until
from accounts.services import review_grants


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, user):
        return f"{user.full_name} ({user.username}, {user.email})"


class GrantForm(forms.ModelForm):
    def clean(self):
        super().clean()
        answers = self.cleaned_data
        since = answers.get("since") or self.instance.since
        if answers.get("until") and answers["until"] <= since:
            self.add_error("until", "The end lies before the beginning. To end a grant, enter the present time.")
        return answers


class CurrentFilter(StartingFilter):
    """Without a choice the list shows what holds today."""

    title = "state"
    parameter_name = "current"
    start = "yes"

    def lookups(self, request, model_admin):
        counts = {name: Grant.objects.filter(which).count() for name, which in self.states().items()}
        words = {"yes": "Holds today", "due": "Review is due", "no": "Has ended", "all": "All"}
        return [(name, f"{words[name]} ({counts[name]})") for name in words]

    def states(self) -> dict[str, Q]:
        return {
            "yes": Q(pk__in=Grant.objects.current().values("pk")),
            "due": Q(pk__in=Grant.objects.due_for_review().values("pk")),
            "no": Q(until__lte=timezone.now()),
            "all": Q(),
        }

    def queryset(self, request, queryset):
        return queryset.filter(self.states().get(self.value(), Q()))


@admin.register(Grant)
class GrantAdmin(Audited, NeverDeleted, admin.ModelAdmin):
    form = GrantForm
    list_display = ["person", "rights", "protocol_numbers", "certificate", "begin", "end", "reviewed"]
    list_filter = [CurrentFilter, "may_create_projects", "protocols"]
    list_select_related = ["user", "granted_by", "reviewed_by"]
    list_per_page = 50
    search_fields = ["user__username", "user__full_name", "user__email", "protocols__number"]
    searches = "name, username, e-mail and protocol number"
    actions = ["mark_reviewed"]
    date_hierarchy = "since"
    filter_horizontal = ["protocols"]
    fields = ["user", "may_create_projects", "protocols", "certificate_date", "since", "until"]

    def has_change_permission(self, request, obj=None):
        """Nobody prolongs what was granted to themselves."""
        return super().has_change_permission(request, obj) and (obj is None or obj.user_id != request.user.pk)

    def get_fields(self, request, obj=None):
        """Of one that is there, people by name: a link would lead to accounts, which IRB staff may not open."""
        if obj is None:
            return self.fields
        changed = ["protocols", "certificate_date", "since", "until"]
        return ["person", "rights", *changed, "granter", "registration", "reviewed"]

    def get_readonly_fields(self, request, obj=None):
        return ["person", "rights", "since", "granter", "registration", "reviewed"] if obj else []

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """People to choose from, without any right to look at or edit accounts; oneself is not among them."""
        if db_field.name == "user":
            people = User.objects.filter(is_active=True).exclude(pk=request.user.pk).order_by("full_name", "username")
            kwargs |= {"queryset": people, "form_class": PersonField}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Say of the two fields of a moment which is which."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.SplitDateTimeField):
            for part, widget in zip(("date", "time"), field.widget.widgets, strict=True):
                widget.attrs["aria-label"] = f"{db_field.verbose_name}, {part}"
        return field

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("protocols")

    def described(self, obj):
        return f"{obj.user}: {obj.in_words()}"

    def save_model(self, request, obj, form, change):
        if not change:
            obj.granted_by = request.user
        super().save_model(request, obj, form, change)

    @admin.action(description="Mark as reviewed", permissions=["change"])
    def mark_reviewed(self, request, queryset):
        done = review_grants(queryset.select_related("user"), by=request.user)
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} marked as reviewed; nobody reviews their own.", level)

    @admin.display(ordering="user__full_name")
    def person(self, grant):
        return stack(grant.user.full_name, grant.user.username, "" if grant.user.is_active else "deactivated")

    @admin.display(description="allows", ordering="may_create_projects")
    def rights(self, grant):
        return "Create projects and label" if grant.may_create_projects else "Label"

    @admin.display(description="protocols", empty_value="none")
    def protocol_numbers(self, grant):
        return ", ".join(protocol.number for protocol in grant.protocols.all())

    @admin.display(description="training certificate", ordering="certificate_date")
    def certificate(self, grant):
        until = certificate_until(grant.certificate_date)
        if until is None:
            return day(grant.certificate_date) or "none"
        over = until <= timezone.localdate()
        words = format_html('<span class="state state-declined">expired {}</span>', day(until))
        return stack(day(grant.certificate_date), words if over else f"until {day(until)}")

    @admin.display(description="since", ordering="since")
    def begin(self, grant):
        return stack(day(grant.since), f"by {grant.granted_by.full_name}")

    @admin.display(description="until", ordering="until")
    def end(self, grant):
        return day(grant.until) or "no end"

    @admin.display(description="granted by")
    def granter(self, grant):
        return grant.granted_by.full_name

    @admin.display(description="last reviewed", ordering="reviewed_at")
    def reviewed(self, grant):
        return stack(day(grant.reviewed_at), f"by {grant.reviewed_by.full_name}") if grant.reviewed_at else "never"
