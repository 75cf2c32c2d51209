"""How many requests wait, for the first page of the admin."""

from django import template

from accounts.models import Registration

register = template.Library()


@register.simple_tag
def count_waiting_registrations() -> int:
    return Registration.objects.pending().count()
