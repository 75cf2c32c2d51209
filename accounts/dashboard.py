"""What IRB staff see first in the administration: what waits, what ends, what has ended, what was decided."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.endings import certificates, endings, grants, stopped_protocols
from accounts.models import Grant, Registration

SOON_DAYS, LATELY_DAYS, LINES = 30, 30, 8


def dashboard() -> dict[str, Any]:
    today = timezone.localdate()
    waiting = Registration.objects.pending()
    oldest = waiting.order_by("created_at").first()
    expiring = endings(today + timedelta(days=1), today + timedelta(days=SOON_DAYS))
    lately = today - timedelta(days=LATELY_DAYS)
    over = sorted([*certificates(lately, today), *grants(lately, today)], key=lambda one: one.ends_on, reverse=True)
    stopped = list(stopped_protocols())
    decided = Registration.objects.exclude(decided_at=None).select_related("user", "decided_by")
    return {
        "waiting": waiting.count(),
        "oldest_days": (timezone.now() - oldest.created_at).days if oldest else 0,
        "asked": Registration.objects.filter(status=Registration.Status.ASKED).count(),
        "expiring": expiring[:LINES],
        "expiring_count": len(expiring),
        "stopped": stopped[:LINES],
        "over": over[:LINES],
        "over_count": len(stopped) + len(over),
        "reviews_due": Grant.objects.due_for_review().count(),
        "decided": decided.order_by("-decided_at")[:LINES],
        "soon_days": SOON_DAYS,
        "lately_days": LATELY_DAYS,
    }
