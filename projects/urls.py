"""Addresses of projects and their images."""

from django.urls import path

from projects import image_views, trail_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("projects/new/", views.project_new, name="project_new"),
    path("projects/<int:pk>/", views.project_edit, name="project_edit"),
    path("projects/<int:pk>/images/", image_views.image_upload, name="image_upload"),
    path("projects/<int:pk>/images/place/", image_views.images_place, name="images_place"),
    path("projects/<int:pk>/members/", views.member_add, name="member_add"),
    path("projects/<int:pk>/members/<int:membership_pk>/remove/", views.member_remove, name="member_remove"),
    path("projects/<int:pk>/superpixel-default/", views.superpixel_default, name="superpixel_default"),
    path("projects/<int:pk>/archive/", views.project_archive, name="project_archive"),
    path("projects/<int:pk>/revive/", views.project_revive, name="project_revive"),
    path("projects/<int:pk>/trail/", trail_views.project_trail, name="project_trail"),
    path("images/<int:pk>/trail/", trail_views.image_trail, name="image_trail"),
    path("images/<int:pk>/pixels.png", image_views.image_pixels, name="image_pixels"),
    path("images/<int:pk>/thumbnail.jpg", image_views.image_thumbnail, name="image_thumbnail"),
    path("images/<int:pk>/tiles/<int:level>/<int:column>_<int:row>.jpg", image_views.image_tile, name="image_tile"),
]
