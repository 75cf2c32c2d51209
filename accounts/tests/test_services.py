import pytest
from django.core import mail

from accounts import services
from accounts.models import AuditEvent, Grant, Protocol, Registration, User
from accounts.services import ALREADY_DECIDED, DECIDED, OWN, approve_registrations, decline_registrations
from accounts.tests.factories import RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
CREATE, ANNOTATE = Registration.Purpose.CREATE, Registration.Purpose.ANNOTATE


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.mark.parametrize(("purpose", "may_create"), [(CREATE, True), (ANNOTATE, False)])
def test_approving_writes_the_grant_that_was_asked_for(irb_staff, purpose, may_create):
    protocol = Protocol.objects.create(number="2026-0117A", title="T", principal_investigator="P")
    registration = RegistrationFactory(purpose=purpose, protocol_number="2026-0117a")
    assert approve_registrations([registration], by=irb_staff) == {DECIDED: 1}
    grant = Grant.objects.get()
    assert (grant.user, grant.may_create_projects, grant.until) == (registration.user, may_create, None)
    assert (grant.granted_by, grant.registration) == (irb_staff, registration)
    assert list(grant.protocols.all()) == [protocol]
    registration.refresh_from_db()
    assert (registration.status, registration.decided_by) == (Registration.Status.APPROVED, irb_staff)
    assert registration.decided_at == grant.since
    assert User.objects.get(pk=registration.user_id).is_approved


def test_an_unknown_protocol_number_does_not_stop_an_approval(irb_staff):
    approve_registrations([RegistrationFactory(protocol_number="nowhere")], by=irb_staff)
    assert not Grant.objects.get().protocols.exists()


def test_declining_writes_the_reason_and_no_grant(irb_staff, pending):
    assert decline_registrations(pending.registrations.all(), by=irb_staff, reason="No protocol.") == {DECIDED: 1}
    registration = pending.registrations.get()
    assert (registration.status, registration.decision_reason) == (Registration.Status.DECLINED, "No protocol.")
    assert not Grant.objects.exists()


def test_a_mixed_selection_survives_and_is_counted(irb_staff):
    waiting = [RegistrationFactory(), RegistrationFactory()]
    decided = RegistrationFactory()
    decline_registrations([decided], by=irb_staff, reason="No.")
    own = RegistrationFactory(user=irb_staff)
    outcome = approve_registrations([*waiting, decided, own], by=irb_staff)
    assert outcome == {DECIDED: 2, ALREADY_DECIDED: 1, OWN: 1}
    decided.refresh_from_db()
    own.refresh_from_db()
    assert (decided.status, own.status) == (Registration.Status.DECLINED, Registration.Status.PENDING)
    assert set(Grant.objects.values_list("registration", flat=True)) == {one.pk for one in waiting}


def test_when_two_decide_at_once_the_second_changes_nothing(irb_staff, administrator, pending, committing):
    """Both loaded the page while the request was pending: the objects in hand are stale."""
    mine, theirs = pending.registrations.get(), pending.registrations.get()
    with committing():
        assert decline_registrations([mine], by=irb_staff, reason="No.") == {DECIDED: 1}
        assert approve_registrations([theirs], by=administrator) == {ALREADY_DECIDED: 1}
    registration = pending.registrations.get()
    assert (registration.status, registration.decided_by) == (Registration.Status.DECLINED, irb_staff)
    assert not Grant.objects.exists()
    assert [message.to for message in mail.outbox] == [[pending.email]]


def test_every_step_is_in_the_audit_trail(irb_staff, pending):
    services.submit_registration(user=UserFactory(username="new"), purpose=ANNOTATE, reason="Please.")
    approve_registrations(pending.registrations.all(), by=irb_staff, reason="Fine.")
    assert list(AuditEvent.objects.values_list("actor_name", "action", "object_type", "old", "new", "reason")) == [
        ("new", "registration submitted", "accounts.Registration", "", "annotate", "Please."),
        ("irene", "registration approved", "accounts.Registration", "pending", "approved", "Fine."),
        ("irene", "grant written", "accounts.Grant", "", "label", "Fine."),
    ]


def test_a_decision_and_its_audit_event_stand_or_fall_together(irb_staff, pending, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(services, "record", fail)
    with pytest.raises(RuntimeError):
        approve_registrations(pending.registrations.all(), by=irb_staff)
    assert pending.registrations.pending().exists()
    assert not Grant.objects.exists()


def test_asking_twice_leaves_one_request(pending):
    before = pending.registrations.get()
    assert services.submit_registration(user=pending, purpose=CREATE, reason="Again.") == before
    assert pending.registrations.get().purpose == ANNOTATE


@pytest.mark.parametrize(
    ("decide", "subject", "reason"),
    [
        (approve_registrations, "Your request for Labeler was approved", "Welcome to O'Hara & sons."),
        (decline_registrations, "Your request for Labeler was declined", "No <protocol> yet."),
    ],
)
def test_the_person_gets_an_email_with_the_reason_as_written(irb_staff, pending, committing, decide, subject, reason):
    with committing():
        decide(pending.registrations.all(), by=irb_staff, reason=reason)
    [message] = mail.outbox
    assert (message.to, message.subject) == (["petra@example.org"], subject)
    assert "Dear Petra Pending," in message.body
    assert reason in message.body
    assert not message.alternatives


def test_no_email_goes_out_before_the_commit(irb_staff, pending, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=False):
        approve_registrations(pending.registrations.all(), by=irb_staff)
    assert not mail.outbox


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_mail_server_that_is_down_undoes_nothing(irb_staff, pending, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr(services, "send_mail", refuse)
    other = RegistrationFactory()
    outcome = approve_registrations([pending.registrations.get(), other], by=irb_staff)
    assert outcome == {DECIDED: 2}
    assert Grant.objects.count() == 2
    assert "no mail server" in caplog.text
