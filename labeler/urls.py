"""Every address of Labeler."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as its manual says

urlpatterns = [
    path("", include("projects.urls")),
    path("", include("annotation.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler403 = "projects.views.forbidden"
handler500 = "labeler.unavailable.handler500"
