"""The one admin site: IRB staff and administrators work there, and people who may create projects on their own."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from accounts.dashboard import dashboard


class LabelerAdminSite(AdminSite):
    site_header = "Labeler administration"
    site_title = "Labeler"
    index_title = "Work"
    site_url = "/"

    def index(self, request, extra_context=None):
        """The first page; IRB staff see at its top what waits for them."""
        decides = request.user.has_perm("accounts.change_registration")
        return super().index(request, {"irb": dashboard() if decides else None, **(extra_context or {})})

    def has_permission(self, request):
        """Entry only; every model admin decides what its visitor may see. Creators need not be flagged as staff."""
        user = request.user
        return user.is_authenticated and user.is_active and (user.is_staff or user.may_create_projects)

    def login(self, request, extra_context=None):
        """Nobody logs in here: there is one page for that, which counts attempts and writes the audit trail."""
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def password_change(self, request, extra_context=None):
        """There is one page for that, too, which writes the audit trail."""
        return redirect("account_change_password")

    def password_change_done(self, request, extra_context=None):
        return redirect("account_change_password")
