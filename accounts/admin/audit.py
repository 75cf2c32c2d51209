"""The audit trail, to read."""

from django.contrib import admin

from accounts.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ["at", "actor_name", "role", "action", "object", "field", "old", "new", "reason"]
    list_filter = ["action", "object_type"]
    search_fields = ["actor_name", "action", "object_id", "old", "new", "reason"]
    date_hierarchy = "at"
    ordering = ["-id"]
    list_per_page = 100
    show_full_result_count = False

    @admin.display(ordering="object_type")
    def object(self, event):
        return f"{event.object_type.split('.')[-1]} {event.object_id}"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
