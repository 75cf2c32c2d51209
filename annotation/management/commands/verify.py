"""`manage.py verify`: is everything that was saved still there, whole and true?"""

import json
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation import verification
from labeler.management.progress import Progress
from projects.models import Project


class Command(BaseCommand):
    help = "Check every image, revision and label tile against the digests they were saved with; 1 if one is damaged."

    requires_system_checks = []  # also of stores that may only be read

    def add_arguments(self, parser):
        parser.add_argument("--project", type=int, metavar="ID", help="only the images of this project")
        parser.add_argument("--json", dest="report", type=Path, metavar="FILE", help="write the report into this file")

    def handle(self, *, project, report, **options):
        chosen = Project.objects.filter(pk=project).first() if project is not None else None
        if project is not None and chosen is None:
            raise CommandError(f"There is no project {project}.")
        started = timezone.now()
        counts: Counter[str] = Counter()
        damages: list[dict] = []
        progress = Progress("Checking images", verification.images_of(chosen).count())
        for finding in verification.findings(counts, chosen, progress.over):
            progress.end()
            self.stdout.write(str(finding))
            damages.append(finding.as_json())
        if report:
            self.write_report(report, started, counts, damages)
        self.stdout.write(
            "Checked {images:,} images, {annotations:,} annotations, {revisions:,} revisions, {tiles:,} tiles in "
            "{blobs:,} files.".format_map(counts)
        )
        if counts["orphans"]:
            self.stdout.write(f"Stored files that nothing refers to: {counts['orphans']:,}. `sweep` deletes old ones.")
        if damages:
            raise CommandError(f"Damages found: {len(damages):,}.")
        self.stdout.write("Everything is there, whole and true.")

    def write_report(self, path: Path, started, counts: Counter, damages: list[dict]) -> None:
        text = json.dumps(
            {
                "started": started.isoformat(),
                "ended": timezone.now().isoformat(),
                "ok": not damages,
                "checked": dict(counts),
                "damages": damages,
            },
            ensure_ascii=False,
            indent=2,
        )
        try:
            path.write_text(text + "\n")
        except OSError as error:
            raise CommandError(f"The report cannot be written: {error}.") from error
