"""Links that let a browser fetch all modules of a page at once, instead of level by level of the imports."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from labeler.modules import needed_by

register = template.Library()


@register.simple_tag
def modulepreload(name: str) -> SafeString:
    """One link for the module and one for each that it imports, near or far."""
    if settings.DEBUG:
        needed_by.cache_clear()
    return format_html_join(
        "\n  ", '<link rel="modulepreload" href="{}">', ((static(each),) for each in needed_by(name))
    )
