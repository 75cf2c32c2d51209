"""The addresses of labelling and of masks."""

from django.urls import path

from annotation import compare_views, export_views, fit_views, superpixel_views, views

urlpatterns = [
    path("projects/<int:pk>/label/", views.label_next, name="label_next"),
    path("annotations/<int:pk>/", views.editor, name="editor"),
    path("annotations/<int:pk>/labels/<int:plane>/", views.labels_load, name="labels_load"),
    path("annotations/<int:pk>/revisions/", views.revision_save, name="revision_save"),
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
