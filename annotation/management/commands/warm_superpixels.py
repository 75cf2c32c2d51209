"""`manage.py warm_superpixels PROJECT [--algorithm NAME …]`: the maps of a whole project, before anybody asks."""

from django.core.management.base import BaseCommand, CommandError

from annotation import workers
from annotation.imaging.superpixels import ALGORITHMS
from annotation.imaging.workers import WorkerError
from annotation.superpixel_maps import default_setting, setting
from annotation.tasks import Warmed, warm
from projects.models import Project


class Command(BaseCommand):
    help = "Make the superpixel maps that the editor will ask for, with the settings the project starts with."

    def add_arguments(self, parser):
        parser.add_argument("project", metavar="PROJECT", help="its number or its name")
        parser.add_argument(
            "--algorithm",
            nargs="+",
            choices=list(ALGORITHMS),
            help="instead of the one that the project starts with",
        )

    def handle(self, *, project, algorithm, **options):
        found = find_project(project)
        defaults = found.superpixel_defaults
        settings = [setting(name, defaults) for name in algorithm] if algorithm else [default_setting(defaults)]
        images = found.images.placed().order_by("position")
        failed = 0
        try:
            workers.wait_until_ready()
            for number, image in enumerate(images, 1):
                for chosen, values in settings:
                    warmed = warm(image, chosen, values)
                    failed += warmed.failed
                    self.stdout.write(f"{number}/{len(images)} {image.name}: {chosen.label}, {in_words(warmed)}")
                    self.stdout.flush()
        except WorkerError as error:
            raise CommandError(f"No map could be made. {error}") from error
        finally:
            workers.stop()
        if failed:
            raise CommandError(f"{failed} of the maps could not be made; the log says why.", returncode=1)


def in_words(warmed: Warmed) -> str:
    words = f"{warmed.made} made, {warmed.kept} kept already"
    return f"{words}, {warmed.failed} failed" if warmed.failed else words


def find_project(text: str) -> Project:
    """The project of this number, or of this name if there is but one."""
    found = list(Project.objects.filter(name__iexact=text).order_by("pk"))
    if not found and text.isdecimal():
        found = list(Project.objects.filter(pk=int(text)))
    if len(found) > 1:
        numbers = ", ".join(str(project.pk) for project in found)
        raise CommandError(f"Several projects are called {text!r}; give the number of one: {numbers}.")
    if not found:
        raise CommandError(f"There is no project {text!r}.")
    return found[0]
