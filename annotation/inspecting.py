"""Whether a ground truth is as clean as its project wants it, and which holes and specks are intended."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from accounts.audit import record
from accounts.models import User
from annotation import workers
from annotation.assignment import Refused, check_may_label
from annotation.imaging.inspection import Left, Rules, Sign, inspect
from annotation.imaging.workers import WorkerError
from annotation.models import LABELS, Annotation
from annotation.reading import read_blob, tiles_at
from projects.models import Image, Project

if TYPE_CHECKING:
    from annotation.saving import SavedTile

SMALL_PIXELS = 4_000_000  # inspected in this process, in about 0.2 s
AT_ONCE = 100
MOST_INTENDED = 1_000
NOT_READ = "Name `intended`, true or false, and up to 100 `regions`, each by its value, x, y and number of pixels."


def rules_of(image: Image) -> Rules:
    """Return what must be clean in this image; areas in µm² cannot be asked of an image without µm/px."""
    project = image.project
    below = project.smallest_region
    if below is not None and project.smallest_region_unit == Project.AreaUnit.UM2:
        below = below / (image.um_per_px * image.grid_downsample) ** 2 if image.um_per_px else None
    return Rules(project.label_every_pixel, below)


def check_clean(annotation: Annotation, by: User, expected: int, tiles: "Iterable[SavedTile]") -> None:
    """Refuse a ground truth, the revision `expected` with `tiles` laid over it, that the project does not want so."""
    image, rules = annotation.image, rules_of(annotation.image)
    if not rules.labelled and rules.below is None:
        return
    tiles = [tile for tile in tiles if tile.plane == LABELS]
    changed = {(tile.column, tile.row) for tile in tiles}
    stored = tiles_at({annotation.pk: expected}, LABELS)[annotation.pk]
    pngs = {
        (tile.column, tile.row): read_blob(image, tile) for tile in stored if (tile.column, tile.row) not in changed
    }
    pngs |= {(tile.column, tile.row): tile.png for tile in tiles if tile.png}
    left = count_left(image, by, pngs, rules, annotation.intended)
    if left != Left():
        raise Refused(sentence(left, image.project), 422, left=asdict(left))


def count_left(image: Image, by: User, pngs: dict[tuple[int, int], bytes], rules: Rules, intended: list[Sign]) -> Left:
    arguments = image.grid_width, image.grid_height, pngs, rules, intended
    if image.grid_width * image.grid_height <= SMALL_PIXELS:
        return inspect(*arguments)
    try:
        return workers.run(inspect, *arguments, seconds=settings.SUPERPIXEL_SECONDS, owner=by.pk)
    except WorkerError as error:
        raise Refused("The labels could not be checked just now. Please try again in a moment.", 503) from error


def sentence(left: Left, project: Project) -> str:
    """Say what is left, such as "1,204 pixels in 3 places have no label, and 1 hole is below 50 px"."""
    parts = []
    if left.unlabelled:
        places = "1 place" if left.unlabelled == 1 else f"{left.unlabelled:,} places"
        parts.append(f"{counted(left.pixels, 'pixel')} in {places} {'has' if left.pixels == 1 else 'have'} no label")
    small = [counted(number, name) for number, name in ((left.holes, "hole"), (left.specks, "speck")) if number]
    if small:
        verb = "is" if left.holes + left.specks == 1 else "are"
        area = f"{project.smallest_region:.12g} {project.get_smallest_region_unit_display()}"
        parts.append(f"{' and '.join(small)} {verb} below {area}")
    return f"This project does not accept it as ground truth yet: {', and '.join(parts)}. Check labels shows where."


def counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def read_intended(data: dict[str, Any], image: Image) -> tuple[list[Sign], bool]:
    """Read which regions are intended, or no longer; `Refused` if that is not what `data` says."""
    signs, intended = data.get("regions"), data.get("intended")
    limits = (256, image.grid_width, image.grid_height, image.grid_width * image.grid_height + 1)
    if type(intended) is not bool or not isinstance(signs, list) or not 1 <= len(signs) <= AT_ONCE:
        raise Refused(NOT_READ, 400)
    for sign in signs:
        if not isinstance(sign, list) or len(sign) != len(limits) or any(type(number) is not int for number in sign):
            raise Refused(NOT_READ, 400)
        if not all(0 <= number < limit for number, limit in zip(sign, limits, strict=True)) or sign[3] < 1:
            raise Refused("One of the regions lies outside the image.", 400)
    return [tuple(sign) for sign in signs], intended


@transaction.atomic
def intend(*, annotation: Annotation, by: User, signs: list[Sign], intended: bool) -> list[Sign]:
    """Note that holes and specks are meant to be, or no longer; return all that are.

    A region is known by its value, first pixel and size: once its pixels change, it is to be looked at anew.
    """
    annotation = (
        Annotation.objects.select_for_update(of=("self",))
        .select_related("image__project", "member")
        .get(pk=annotation.pk)
    )
    check_may_label(annotation)
    before = [tuple(sign) for sign in annotation.intended]
    changed = [sign for sign in dict.fromkeys(signs) if (sign in before) != intended]
    after = before + changed if intended else [sign for sign in before if sign not in changed]
    if len(after) > MOST_INTENDED:
        raise Refused(f"At most {MOST_INTENDED:,} holes and specks of an image can be intended. Fix the others.")
    if changed:
        action = "regions intended" if intended else "regions not intended"
        record(action, annotation, actor=by, field="intended", new=json.dumps(changed))
        Annotation.objects.filter(pk=annotation.pk).update(intended=after)
    return after
