"""What ends and when: protocols, training certificates and grants, for the dashboard of IRB staff and for reminders."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Grant, Protocol, User, certificate_until
from projects.models import Membership, Project


@dataclass(frozen=True)
class Ending:
    """Something that ends, or has ended. `person` is whom it belongs to; a protocol belongs to nobody."""

    kind: str
    object_id: int
    ends_on: date
    what: str
    url: str
    person: User | None = None

    @property
    def days(self) -> int:
        """Days from today, negative for what is over."""
        return (self.ends_on - timezone.localdate()).days


def endings(first: date, last: date) -> list[Ending]:
    """Whatever ends on one of these days, the soonest first."""
    found = [*protocols(first, last), *certificates(first, last), *grants(first, last)]
    return sorted(found, key=lambda ending: (ending.ends_on, ending.what))


def protocols(first: date, last: date) -> list[Ending]:
    """Those that projects may still be under; a suspended or closed one has ended in its own way."""
    rows = Protocol.objects.filter(status=Protocol.Status.ACTIVE, expires_on__range=(first, last))
    return [
        Ending("protocol", one.pk, one.expires_on, f"IRB protocol {one.number} ({one.title})", change_url(one))
        for one in rows
        if one.expires_on
    ]


def certificates(first: date, last: date) -> list[Ending]:
    """The newest certificate of each person who may work."""
    if not settings.CERTIFICATE_DAYS:
        return []
    span = timedelta(days=settings.CERTIFICATE_DAYS)
    current = Grant.objects.current().filter(user__is_active=True)
    newest = current.order_by().values("user").annotate(newest=Max("certificate_date"))
    dated = dict(newest.filter(newest__range=(first - span, last - span)).values_list("user", "newest"))
    people = User.objects.in_bulk(dated)
    url = reverse("admin:accounts_grant_changelist")
    return [
        Ending(
            "certificate",
            pk,
            end,
            f"The training certificate of {person.full_name}",
            f"{url}?q={person.username}",
            person,
        )
        for pk, person in people.items()
        if (end := certificate_until(dated[pk]))
    ]


def grants(first: date, last: date) -> list[Ending]:
    """Those of people who can log in; of those that are over, the ones that nothing followed."""
    begin, end = (timezone.make_aware(datetime.combine(day, time())) for day in (first, last + timedelta(days=1)))
    following = Grant.objects.current().filter(user=OuterRef("user"))
    rows = Grant.objects.filter(until__gte=begin, until__lt=end, user__is_active=True).select_related("user")
    rows = rows.filter(Q(until__gt=timezone.now()) | ~Exists(following))
    return [
        Ending(
            "grant",
            grant.pk,
            timezone.localdate(grant.until),
            f"The grant of {grant.user.full_name}",
            change_url(grant),
            grant.user,
        )
        for grant in rows
    ]


def change_url(obj: Protocol | Grant) -> str:
    return reverse(f"admin:accounts_{obj._meta.model_name}_change", args=[obj.pk])


def stopped_protocols() -> QuerySet[Protocol]:
    """Those that are over in some way while projects are still under them."""
    under = Project.objects.filter(protocol=OuterRef("pk"), archived_at=None)
    over = ~Q(status=Protocol.Status.ACTIVE) | Q(expires_on__lte=timezone.localdate())
    return Protocol.objects.filter(over, Exists(under))


def creators_concerned(ending: Ending) -> QuerySet[User]:
    """The creators of the projects that the ending touches."""
    projects = Project.objects.filter(archived_at=None)
    if ending.person is None:
        projects = projects.filter(protocol=ending.object_id)
    else:
        projects = projects.filter(memberships__in=ending.person.memberships.active())
    creating = Membership.objects.active().filter(role=Membership.Role.CREATOR, project__in=projects.values("pk"))
    return User.objects.filter(is_active=True, pk__in=creating.values("user"))
