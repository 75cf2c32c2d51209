"""The admin of creators: every annotation in their projects with its checkpoints, to read."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from annotation.models import Annotation, Revision
from projects.admin import OwnInline, OwnProjectsAdmin


class RevisionInline(OwnInline):
    """Checkpoints and ground truths; autosaves would make the page as long as the work."""

    model = Revision
    fields = ["number", "kind", "author_name", "saved_at"]
    readonly_fields = fields
    ordering = ["-number"]

    def get_queryset(self, request):
        return super().get_queryset(request).exclude(kind=Revision.Kind.AUTOSAVE).select_related("author")

    @admin.display(description="author")
    def author_name(self, revision):
        return revision.author.username


@admin.register(Annotation)
class AnnotationAdmin(OwnProjectsAdmin):
    to_project = "image__project"
    list_display = ["image_name", "project", "member_name", "state", "head", "changed_at", "labels"]
    list_filter = ["state", ("image__project", admin.RelatedOnlyFieldListFilter)]
    allowed_lookups = frozenset({"state__exact", "image__project__id__exact"})
    list_select_related = ["image__project", "member__user"]
    search_fields = ["image__name", "image__case", "member__user__username"]
    ordering = ["image__project_id", "position", "member_id"]
    fields = [*list_display[:-1], "cannot_reason", "comment", "labels"]
    readonly_fields = fields
    inlines = [RevisionInline]

    @admin.display(description="image", ordering="image__name")
    def image_name(self, annotation):
        return annotation.image.name

    @admin.display(ordering="image__project__name")
    def project(self, annotation):
        return annotation.image.project

    @admin.display(description="member", ordering="member__user__username")
    def member_name(self, annotation):
        return annotation.author

    @admin.display
    def labels(self, annotation):
        return format_html('<a href="{}">View</a>', reverse("editor", args=[annotation.pk]))
