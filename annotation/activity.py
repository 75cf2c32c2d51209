"""The time ledger: what a save tells of the work behind it. Format: docs/saving.md."""

from collections import Counter

from django.db.models.fields.json import KT

from annotation.assignment import Refused
from annotation.models import Revision

LONGEST_MS = 31 * 24 * 3600 * 1000  # a month offline
LARGEST = 10**12
COUNTS = {"active_ms": LONGEST_MS, "undone": LARGEST, "redone": LARGEST}
PAINTED = {"tool": 9, "category": 255, "strokes": LARGEST, "pixels": LARGEST}


def check_activity(activity: object) -> None:
    """Refuse whatever is not the ledger of docs/saving.md; nothing of it is required."""
    if not isinstance(activity, dict) or not activity.keys() <= {*COUNTS, "painted"}:
        raise Refused(f"`activity` must be an object of {', '.join(COUNTS)} and painted, each of them optional.", 400)
    for name, largest in COUNTS.items():
        if not is_count(activity.get(name, 0), largest):
            raise Refused(f"`activity`: {name} must be a whole number from 0 to {largest:,}.", 400)
    painted = activity.get("painted", [])
    if not isinstance(painted, list) or not all(is_painted(entry) for entry in painted):
        raise Refused(
            "`activity`: painted must be a list of objects of exactly tool (0 to 9), category (0 to 255), strokes and "
            "pixels, all of them whole numbers from 0.",
            400,
        )
    if len({(entry["tool"], entry["category"]) for entry in painted}) != len(painted):
        raise Refused("`activity`: painted must name each tool with each category once.", 400)


def is_painted(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.keys() != PAINTED.keys():
        return False
    return all(is_count(entry[name], largest) for name, largest in PAINTED.items())


def is_count(number: object, largest: int) -> bool:
    return type(number) is int and 0 <= number <= largest


def active_until(numbers: dict[int, int]) -> Counter[int]:
    """Return how many milliseconds people were active for each annotation until a revision of it: {annotation: ms}.

    `numbers` is {annotation: revision number}.
    """
    active: Counter[int] = Counter()
    rows = Revision.objects.filter(annotation__in=numbers, activity__active_ms__gt=0)
    for annotation, number, ms in rows.values_list("annotation", "number", KT("activity__active_ms")):
        if number <= numbers[annotation]:
            active[annotation] += int(ms)
    return active
