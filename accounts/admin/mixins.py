"""What several admin pages share."""

from django.contrib import admin
from django.db import transaction

from accounts.audit import record


class ReadOnly:
    """To look at; what may be done is done by actions."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class NeverDeleted:
    def has_delete_permission(self, request, obj=None):
        return False


class SuperuserOnly:
    """Rights over accounts and groups are rights over everything: not for staff, whatever permissions they hold."""

    def has_module_permission(self, request):
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request)

    def has_add_permission(self, request):
        return self.has_module_permission(request)

    def has_change_permission(self, request, obj=None):
        return self.has_module_permission(request)

    def has_delete_permission(self, request, obj=None):
        return self.has_module_permission(request)


class StartingFilter(admin.SimpleListFilter):
    """Starts where the work is: without a choice `start` is chosen. *All* is a choice like the others."""

    start: str

    def value(self):
        return super().value() or self.start

    def choices(self, changelist):
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }


class Audited(admin.ModelAdmin):
    """Writes what was added or changed by hand into the audit trail, within the admin's transaction."""

    audited_except = ("password", "password1", "password2", "usable_password")

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        name = self.opts.verbose_name
        if not change:
            record(f"{name} added", form.instance, actor=request.user, new=self.described(form.instance))
            return
        for field in form.changed_data:
            if field not in self.audited_except:
                record(
                    f"{name} changed",
                    form.instance,
                    actor=request.user,
                    field=field,
                    old=in_words(form.initial.get(field)),
                    new=in_words(form.cleaned_data[field]),
                )

    def described(self, obj) -> str:
        """What was added, as the audit trail keeps it."""
        return str(obj)

    def delete_model(self, request, obj):
        self.record_deletion(request, obj)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        for obj in queryset:
            self.record_deletion(request, obj)
        super().delete_queryset(request, queryset)

    def record_deletion(self, request, obj):
        record(f"{self.opts.verbose_name} deleted", obj, actor=request.user, old=str(obj))


def in_words(value) -> str:
    """A field's value as the audit trail keeps it."""
    if value is None:
        return ""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    return ", ".join(sorted(str(one) for one in value))
