"""App configurations: the project package itself, and Django's admin and static files with our own defaults."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class LabelerConfig(AppConfig):
    name = "labeler"

    def ready(self):
        from labeler import checks  # noqa: F401  (importing registers them)


class LabelerAdminConfig(AdminConfig):
    default_site = "labeler.admin.LabelerAdminSite"


class LabelerStaticFilesConfig(StaticFilesConfig):
    # The JavaScript unit tests live beside the modules they test; browsers never need them.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "tests"]
