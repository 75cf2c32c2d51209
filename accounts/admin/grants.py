"""Grants and protocols: what IRB staff allowed, and under which protocol."""

from django import forms
from django.contrib import admin
from django.utils import timezone

from accounts.admin.mixins import Audited, NeverDeleted
from accounts.models import Grant, Protocol, User


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


class CurrentFilter(admin.SimpleListFilter):
    title = "holds today"
    parameter_name = "current"

    def lookups(self, request, model_admin):
        return [("yes", "Yes"), ("no", "No, it has ended")]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.current()
        if self.value() == "no":
            return queryset.filter(until__lte=timezone.now())
        return queryset


@admin.register(Grant)
class GrantAdmin(Audited, NeverDeleted, admin.ModelAdmin):
    form = GrantForm
    list_display = ["person", "user", "may_create_projects", "protocol_numbers", "since", "until", "granted_by"]
    list_filter = [CurrentFilter, "may_create_projects", "protocols"]
    list_select_related = ["user", "granted_by"]
    search_fields = ["user__username", "user__full_name", "user__email", "protocols__number"]
    date_hierarchy = "since"
    filter_horizontal = ["protocols"]
    fields = ["user", "may_create_projects", "protocols", "certificate_date", "since", "until"]

    def has_change_permission(self, request, obj=None):
        """Nobody prolongs what was granted to themselves."""
        return super().has_change_permission(request, obj) and (obj is None or obj.user_id != request.user.pk)

    def get_fields(self, request, obj=None):
        return [*self.fields, "granted_by", "registration"] if obj else self.fields

    def get_readonly_fields(self, request, obj=None):
        return ["user", "may_create_projects", "since", "granted_by", "registration"] if obj else []

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

    def save_model(self, request, obj, form, change):
        if not change:
            obj.granted_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(ordering="user__full_name")
    def person(self, grant):
        return grant.user.full_name

    @admin.display(description="protocols")
    def protocol_numbers(self, grant):
        return ", ".join(protocol.number for protocol in grant.protocols.all())


@admin.register(Protocol)
class ProtocolAdmin(Audited, NeverDeleted, admin.ModelAdmin):
    list_display = ["number", "title", "principal_investigator", "status", "approved_on", "expires_on"]
    list_filter = ["status", "expires_on"]
    search_fields = ["number", "title", "principal_investigator"]
