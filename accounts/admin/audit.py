"""The audit trail, to read."""

from django.contrib import admin

from accounts.admin.mixins import ReadOnly
from accounts.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
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
