import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Registration, User
from accounts.tests.factories import GrantFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def test_usernames_and_addresses_are_kept_in_lower_case():
    person = User.objects.create_user("Ann", "Ann@X.org", full_name="Ann")
    assert (person.username, person.email) == ("ann", "ann@x.org")


@pytest.mark.parametrize("same", [{"username": "ANN", "email": "other@x.org"}, {"username": "b", "email": "ANN@x.ORG"}])
def test_two_people_cannot_differ_by_case_alone(same):
    UserFactory(username="ann", email="ann@x.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(**same)
    with pytest.raises(ValidationError):
        User(full_name="B", password="x", **same).full_clean()


@pytest.mark.parametrize(
    ("grant", "approved", "creates"),
    [
        (None, False, False),
        ({}, True, False),
        ({"may_create_projects": True}, True, True),
        ({"may_create_projects": True, "until": -HOUR}, False, False),
        ({"until": HOUR}, True, False),
        ({"since": HOUR}, False, False),
    ],
)
def test_only_a_grant_that_holds_now_gives_rights(grant, approved, creates):
    person = UserFactory()
    if grant is not None:
        now = timezone.now()
        GrantFactory(user=person, **{k: now + v if isinstance(v, datetime.timedelta) else v for k, v in grant.items()})
    person = User.objects.get(pk=person.pk)
    assert (person.is_approved, person.may_label, person.may_create_projects) == (approved, approved, creates)
    assert person.grants.current().exists() is approved


def test_irb_staff_never_label_nor_create_even_with_a_grant(irb_staff):
    GrantFactory(user=irb_staff, may_create_projects=True)
    assert irb_staff.is_approved
    assert not irb_staff.may_label
    assert not irb_staff.may_create_projects


def test_a_deactivated_person_has_no_right(creator):
    creator.is_active = False
    assert (creator.is_approved, creator.may_label, creator.may_create_projects) == (False, False, False)


def test_one_request_of_a_person_waits_at_a_time(pending):
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistrationFactory(user=pending)


def test_a_decision_without_somebody_who_decided_is_refused(pending):
    with pytest.raises(IntegrityError), transaction.atomic():
        pending.registrations.update(status=Registration.Status.APPROVED)
