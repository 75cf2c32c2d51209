"""The admin of creators: their own projects and images, to look at and to take masks from.

Everybody enters the same admin site; `OwnProjectsAdmin` narrows what each person finds in it.
"""

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.mixins import ReadOnly
from annotation.export import export_response
from annotation.models import Annotation
from projects.models import Category, Image, Membership, Project
from projects.permissions import projects_managed_by


class OwnProjectsAdmin(ReadOnly, admin.ModelAdmin):
    """Shows a person what belongs to projects they manage, and nothing else, whatever way they ask; read only.

    `to_project` is the path of fields from the model to its project. `allowed_lookups` are the query parameters that
    the list understands; a filter by anything else would answer questions about objects that are not shown.
    """

    to_project = "project"
    allowed_lookups: frozenset[str] = frozenset()
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        managed = projects_managed_by(request.user).order_by().values("pk")
        return super().get_queryset(request).filter(**{f"{self.to_project}__in": managed})

    def has_module_permission(self, request):
        return request.user.is_authenticated and request.user.may_create_projects

    def has_view_permission(self, request, obj=None):
        return self.has_module_permission(request) and (
            obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()
        )

    def lookup_allowed(self, lookup, value, request):
        return lookup in self.allowed_lookups

    def to_field_allowed(self, request, to_field):
        return to_field == self.opts.pk.name

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        related = self.admin_site._registry.get(db_field.remote_field.model)
        shown = related.get_queryset(request) if isinstance(related, OwnProjectsAdmin) else None
        kwargs["queryset"] = db_field.remote_field.model._default_manager.none() if shown is None else shown
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OwnInline(ReadOnly, admin.TabularInline):
    """Rows that belong to an object which was found by `OwnProjectsAdmin`, to read."""

    extra = 0
    template = "admin/rows.html"

    def has_view_permission(self, request, obj=None):
        return request.user.may_create_projects


class CategoryInline(OwnInline):
    model = Category
    fields = ["value", "name", "color", "retired_at"]


class MembershipInline(OwnInline):
    model = Membership
    fields = ["person", "role", "added_at", "removed_at"]
    readonly_fields = ["person"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")

    @admin.display(description="person")
    def person(self, membership):
        return f"{membership.user.full_name} ({membership.user.username})"


def number_of(rows: QuerySet, to_project: str = "project") -> Coalesce:
    """How many of these rows a project has, counted apart from all others."""
    rows = rows.filter(**{to_project: OuterRef("pk")}).order_by().values(to_project)
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0)


class ArchivedFilter(admin.SimpleListFilter):
    title = "archived"
    parameter_name = "archived"

    def lookups(self, request, model_admin):
        return [("no", "No"), ("yes", "Yes")]

    def queryset(self, request, queryset):
        return queryset.filter(archived_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(Project)
class ProjectAdmin(OwnProjectsAdmin):
    to_project = "pk"
    list_display = ["name", "creator_name", "images_placed", "members", "progress", "created", "archived"]
    list_filter = [ArchivedFilter]
    allowed_lookups = frozenset({"archived"})
    search_fields = ["name", "description"]
    actions = ["download_masks", "download_all_masks"]
    fields = [
        "name",
        "creator_name",
        "description",
        "instructions",
        "instructions_version",
        "label_every_pixel",
        "smallest_region",
        "smallest_region_unit",
        "progress",
        "created_at",
        "archived_at",
    ]
    readonly_fields = fields
    inlines = [CategoryInline, MembershipInline]

    def get_queryset(self, request):
        assigned = Annotation.objects.filter(kind=Annotation.Kind.MEMBER, member__removed_at=None)
        done = assigned.filter(state__in=Annotation.DONE)
        return (
            super()
            .get_queryset(request)
            .select_related("creator")
            .annotate(
                image_count=number_of(Image.objects.placed()),
                member_count=number_of(Membership.objects.active()),
                assigned=number_of(assigned, "member__project"),
                done=number_of(done, "member__project"),
            )
        )

    @admin.display(description="creator", ordering="creator__username")
    def creator_name(self, project):
        return project.creator.username

    @admin.display(description="images", ordering="image_count")
    def images_placed(self, project):
        return project.image_count

    @admin.display(ordering="member_count")
    def members(self, project):
        return project.member_count

    @admin.display(ordering="done")
    def progress(self, project):
        return f"{project.done} / {project.assigned}" if project.assigned else "not begun"

    @admin.display(ordering="created_at")
    def created(self, project):
        return f"{project.created_at:%Y-%m-%d}"

    @admin.display(ordering="archived_at", empty_value="")
    def archived(self, project):
        return project.archived_at and f"{project.archived_at:%Y-%m-%d}"

    @admin.action(description="Download masks", permissions=["view"])
    def download_masks(self, request, queryset, **choices):
        return export_response(request, Project.objects.filter(pk__in=queryset.values("pk")), **choices)

    @admin.action(description="Download masks, also returned and unfinished ones", permissions=["view"])
    def download_all_masks(self, request, queryset):
        return self.download_masks(request, queryset, returned=True, checkpoints=True)


@admin.register(Image)
class ImageAdmin(OwnProjectsAdmin):
    list_display = ["thumbnail", "name_and_size", "place", "case", "work"]
    list_display_links = ["name_and_size"]
    list_filter = [("project", admin.RelatedOnlyFieldListFilter), "status"]
    allowed_lookups = frozenset({"project__id__exact", "status__exact"})
    search_fields = ["name", "case"]
    list_select_related = ["project"]
    ordering = ["project_id", "position"]
    actions = ["download_masks", "download_all_masks"]
    fields = ["thumbnail", "name", "project", "number", "case", "um_per_px", "size", "status", "report", "work"]
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(**self._states())

    def _states(self) -> dict[str, Count]:
        active = Q(annotations__kind=Annotation.Kind.MEMBER, annotations__member__removed_at=None)
        counted = {state.value: Q(annotations__state=state) for state in Annotation.State}
        return {f"work_{state}": Count("annotations", filter=active & which) for state, which in counted.items()}

    @admin.display(description="image")
    def thumbnail(self, image):
        return format_html(
            '<img src="{}" alt="" height="56" loading="lazy">', reverse("image_thumbnail", args=[image.pk])
        )

    @admin.display(description="no.", ordering="position")
    def number(self, image):
        return image.position + 1

    @admin.display
    def size(self, image):
        return f"{image.width} × {image.height}"

    @admin.display(description="name and size", ordering="name")
    def name_and_size(self, image):
        return format_html('<span class="stack"><span>{}</span><span>{}</span></span>', image.name, self.size(image))

    @admin.display(description="project and no.", ordering="project__name")
    def place(self, image):
        number = self.number(image)
        return format_html('<span class="stack"><span>{}</span><span>no. {}</span></span>', image.project, number)

    @admin.display(description="ingest report")
    def report(self, image):
        return " ".join(image.ingest_report) or "nothing to note"

    @admin.display(description="annotations")
    def work(self, image):
        counts = [(getattr(image, f"work_{state.value}"), state.label) for state in Annotation.State]
        return ", ".join(f"{number} {label.lower()}" for number, label in counts if number) or "none"

    @admin.action(description="Download masks of selected images", permissions=["view"])
    def download_masks(self, request, queryset, **choices):
        images = Image.objects.filter(pk__in=queryset.values("pk"))
        return export_response(request, Project.objects.filter(images__in=images).distinct(), images, **choices)

    @admin.action(
        description="Download masks of selected images, also returned and unfinished ones", permissions=["view"]
    )
    def download_all_masks(self, request, queryset):
        return self.download_masks(request, queryset, returned=True, checkpoints=True)
