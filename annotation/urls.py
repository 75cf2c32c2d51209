"""The addresses of labelling and of masks."""

from django.urls import path

from annotation import compare_views, export_views, fit_views, label_views, superpixel_views, views

urlpatterns = [
    path("projects/<int:pk>/label/", views.label_next, name="label_next"),
    path("annotations/<int:pk>/", views.editor, name="editor"),
    path("annotations/<int:pk>/labels/<int:plane>/", label_views.labels_load, name="labels_load"),
    path("annotations/<int:pk>/revisions/", label_views.revisions, name="revisions"),
    path(
        "annotations/<int:pk>/revisions/<int:number>/preview.png", label_views.revision_preview, name="revision_preview"
    ),
    path("annotations/<int:pk>/revisions/<int:number>/restore/", label_views.revision_restore, name="revision_restore"),
    path(
        "annotations/<int:pk>/revisions/<int:first>/compare/<int:second>/",
        label_views.revisions_compare,
        name="revisions_compare",
    ),
    path(
        "annotations/<int:pk>/revisions/<int:first>/compare/<int:second>/difference/",
        label_views.revisions_difference,
        name="revisions_difference",
    ),
    path("annotations/<int:pk>/cannot-label/", views.cannot_label, name="cannot_label"),
    path("annotations/<int:pk>/return/", views.annotation_return, name="annotation_return"),
    path("annotations/<int:pk>/fit/", fit_views.annotation_fit, name="annotation_fit"),
    path("images/<int:pk>/superpixels/<slug:algorithm>.png", superpixel_views.superpixels, name="superpixels"),
    path("images/<int:pk>/superpixels/<slug:algorithm>.tree", superpixel_views.superpixel_tree, name="superpixel_tree"),
    path(
        "images/<int:pk>/superpixels/<slug:algorithm>/compare/",
        compare_views.superpixel_compare,
        name="superpixel_compare",
    ),
    path("export/", export_views.masks_export, name="masks_export"),
]
