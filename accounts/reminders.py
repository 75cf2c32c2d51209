"""Telling people what ends soon, 30, 7 and 1 days ahead: each of them once."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.endings import Ending, creators_concerned, endings
from accounts.models import IRB_STAFF, Reminder, User
from accounts.services import send_text

DAYS_AHEAD = (1, 7, 30)
logger = logging.getLogger(__name__)


def remind() -> tuple[int, int]:
    """Write to IRB staff, to creators, and to the person it is about. Return how many were told and how many could
    not be: those are told by the next run."""
    today = timezone.localdate()
    for_whom: dict[User, list[Ending]] = {}
    irb_staff = list(User.objects.filter(is_active=True, groups__name=IRB_STAFF))
    for ending in endings(today + timedelta(days=1), today + timedelta(days=max(DAYS_AHEAD))):
        person = [ending.person] if ending.person else []
        for recipient in {*irb_staff, *creators_concerned(ending), *person}:
            for_whom.setdefault(recipient, []).append(ending)
    outcomes = [tell(recipient, what) for recipient, what in for_whom.items()]
    return outcomes.count(True), outcomes.count(False)


def tell(recipient: User, ending_soon: list[Ending]) -> bool | None:
    """Send one e-mail about everything that the recipient was not told yet; None if there is nothing."""
    told = set(Reminder.objects.filter(recipient=recipient).values_list("kind", "object_id", "ends_on", "days"))
    news = [ending for ending in ending_soon if key(ending) not in told]
    if not news:
        return None
    try:
        with transaction.atomic():  # what could not be sent is not noted
            Reminder.objects.bulk_create(
                Reminder(
                    recipient=recipient, **dict(zip(("kind", "object_id", "ends_on", "days"), key(one), strict=True))
                )
                for one in news
            )
            send_text("reminder", recipient, {"endings": news})
    except IntegrityError:  # another run tells the same at this moment
        return None
    except OSError:
        logger.exception("A reminder could not be sent.")
        return False
    return True


def key(ending: Ending) -> tuple[str, int, object, int]:
    """What makes a reminder the same: of the days ahead, the last one that was passed."""
    days = min(days for days in DAYS_AHEAD if ending.days <= days)
    return ending.kind, ending.object_id, ending.ends_on, days
