"""The audit trail: what an event holds, how it is chained, that nobody can change it, that nothing goes without it."""

import threading
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from accounts import chain, guard, services
from accounts.audit import record
from accounts.models import AuditEvent, AuditHead, Registration, User
from accounts.tests.factories import PASSWORD, UserFactory
from annotation.tests.factories import AnnotationFactory
from projects import services as project_services
from projects.models import Project
from projects.tests.factories import ImageFactory, ProjectFactory

# --- What an event holds ---------------------------------------------------------------------------------------------


def test_the_text_that_is_hashed_is_the_documented_one(db, annotator):
    """Whoever changes this makes every trail there is look tampered with."""
    event = record("seen", annotator, actor=None, reason='Grün\n"x"')
    event.at = event.at.replace(2026, 1, 2, 3, 4, 5, 60)
    event.object_id = "7"
    assert event.text() == (
        '{"sequence":1,"at":"2026-01-02T03:04:05.000060Z","actor":null,"actor_name":"system","role":"","protocol":"",'
        '"ip":"","request_id":"","project":null,"object_type":"accounts.User","object_id":"7","action":"seen",'
        '"field":"","old":"","new":"","reason":"Gr\\u00fcn\\n\\"x\\"","previous_hash":""}'
    )
    assert chain.digest(event.text()) == "f4b6e8c77717c1661bbf7b6bb9db8e3a6d58142d760e1201ae234f0c2b0c94d9"


def test_events_are_chained_and_what_is_stored_is_what_was_hashed(db, annotator, irb_staff):
    for number in range(3):
        record("seen", annotator, actor=irb_staff, new=f"{number} – ü \U0001f52c")
    first, second, third = AuditEvent.objects.all()
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert (first.previous_hash, second.previous_hash, third.previous_hash) == ("", first.hash, second.hash)
    assert all(chain.digest(event.text()) == event.hash for event in (first, second, third))
    head = AuditHead.objects.get()
    assert (head.sequence, head.hash) == (3, third.hash)


def test_an_event_says_role_protocol_project_and_where_it_came_from(client, creator, project, settings):
    settings.TRUSTED_PROXIES = 1
    client.force_login(creator)
    response = client.post(
        reverse("project_archive", args=[project.pk]), headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
    )
    assert AuditEvent.objects.filter(action="project archived").count() == 0  # it asks for the password first
    person = UserFactory(username="mia", grant=True)
    response = client.post(
        reverse("member_add", args=[project.pk]), {"person": person.username}, headers={"X-Forwarded-For": "192.0.2.7"}
    )
    event = AuditEvent.objects.get(action="member added")
    assert (event.actor, event.actor_name, event.role) == (creator, "carla", "creator")
    assert (event.project, event.ip) == (project.pk, "192.0.2.7")
    assert event.request_id == response.headers["X-Request-ID"] != ""


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("administrator", "administrator"),
        ("irb_staff", "IRB staff"),
        ("annotator", "approved"),
        ("pending", "not approved"),
    ],
)
def test_outside_a_project_the_role_is_that_in_the_installation(request, db, who, role):
    person = request.getfixturevalue(who)
    assert record("seen", person, actor=person).role == role


def test_who_acts_is_the_system_or_somebody_unknown_where_nobody_is_signed_in(annotator):
    assert record("seen", annotator, actor=None).actor_name == "system"
    event = record("seen", User, actor=AnonymousUser())
    assert (event.actor, event.actor_name, event.object_id) == (None, "anonymous", "")


def test_events_of_whatever_is_in_a_project_name_the_project(project, annotator):
    image = ImageFactory(project=project)
    annotation = AnnotationFactory(image=image, member__project=project, member__user=annotator)
    for obj in (project, project.categories.first(), image, annotation, annotation.member):
        assert record("seen", obj, actor=annotator).project == project.pk
        assert AuditEvent.objects.last().role == "annotator"
    assert record("seen", annotator, actor=annotator).project is None


# --- Nobody can change it --------------------------------------------------------------------------------------------


@pytest.fixture
def trail(db, annotator):
    """Five events."""
    return [record("seen", annotator, actor=annotator, new=str(number)) for number in range(5)]


CHANGES = {
    "update": "UPDATE accounts_auditevent SET new = 'x' WHERE sequence = 3",
    "delete": "DELETE FROM accounts_auditevent WHERE sequence = 3",
    "delete all": "DELETE FROM accounts_auditevent",
}
if connection.vendor == "postgresql":  # SQLite has neither TRUNCATE nor roles of replication
    CHANGES |= {
        "truncate": "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE accounts_auditevent CASCADE",
        "delete as a replica": "SET LOCAL session_replication_role = replica; DELETE FROM accounts_auditevent",
    }


@pytest.mark.parametrize("sql", CHANGES.values(), ids=CHANGES)
def test_attack_66_the_database_refuses_to_change_an_event(trail, sql):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEvent.objects.count() == 5


def test_attack_66_the_orm_can_change_nothing_either(trail):
    for attempt in (
        lambda: AuditEvent.objects.filter(sequence=3).update(new="x"),
        lambda: AuditEvent.objects.all().delete(),
        lambda: trail[0].delete(),
        lambda: trail[0].save(),
        lambda: AuditEvent.objects.bulk_update(trail, ["reason"]),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attempt()


def test_attack_66_an_event_is_not_replaced_by_way_of_an_insert(trail):
    names = [field.column for field in AuditEvent._meta.fields if field.name != "id"]
    columns = ", ".join(names)
    copied = f"SELECT {columns} FROM accounts_auditevent WHERE sequence = 3"
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO accounts_auditevent ({columns}) {copied}"
    else:
        changed = "ON CONFLICT (sequence) DO UPDATE SET new = 'x'"
        statement = f"INSERT INTO accounts_auditevent ({columns}) {copied} {changed}"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_last_migration_leaves_the_triggers(db):
    """A migration that remakes the table on SQLite loses them, and has to call `guard.install`."""
    assert guard.missing(connection) == []


# --- verify_audit ----------------------------------------------------------------------------------------------------


def verify(*arguments) -> str:
    said = StringIO()
    call_command("verify_audit", *arguments, stdout=said)
    return said.getvalue()


def findings(*arguments) -> list[str]:
    said = StringIO()
    with pytest.raises(CommandError, match="not as it was written"):
        call_command("verify_audit", *arguments, stdout=said)
    return said.getvalue().splitlines()[:-1]


def head() -> str:
    return verify().splitlines()[-1]


def test_a_trail_as_it_was_written_is_found_right(trail):
    said = verify()
    assert "Checked 5 events" in said
    assert "a second" in said
    assert said.splitlines()[-1] == f"5:{trail[-1].hash}"
    assert verify("--head", f"3:{trail[2].hash}", "--head", head())


def test_an_empty_trail_is_right(db):
    assert "Checked 0 events" in verify()


CHANGED = [
    {"actor_name": "x"},
    {"actor": None},
    {"at": "2026-01-01T00:00:00Z"},
    {"role": "x"},
    {"protocol": "x"},
    {"ip": "192.0.2.1"},
    {"request_id": "x"},
    {"project": 9},
    {"object_type": "x"},
    {"object_id": "x"},
    {"action": "x"},
    {"field": "x"},
    {"old": "x"},
    {"new": "x"},
    {"reason": "x"},
    {"hash": "0" * 64},
]


@pytest.mark.parametrize("change", CHANGED, ids=lambda change: next(iter(change)))
def test_a_change_of_any_column_is_found(trail, trail_lifted, change):
    with trail_lifted():
        AuditEvent.objects.filter(sequence=3).update(**change)
    assert "Event 3 was changed." in findings()


def test_every_column_is_covered_by_the_hash():
    columns = {field.name for field in AuditEvent._meta.fields} - {"id", "hash"}
    assert columns == set(chain.FIELDS)
    assert {next(iter(change)) for change in CHANGED} | {"sequence", "previous_hash"} == columns | {"hash"}


def test_a_changed_event_with_a_hash_to_match_no_longer_fits_the_next(trail, trail_lifted):
    trail[2].new = "x"
    with trail_lifted():
        AuditEvent.objects.filter(sequence=3).update(new="x", hash=chain.digest(trail[2].text()))
    assert findings() == ["Event 4 does not follow the one before it."]


def test_a_gap_is_found(trail, trail_lifted):
    with trail_lifted():
        AuditEvent.objects.filter(sequence=3).delete()
    assert findings() == ["After event 2 comes event 4."]


def test_another_order_is_found(trail, trail_lifted):
    with trail_lifted():
        for old, new in ((2, 99), (3, 2), (99, 3)):
            AuditEvent.objects.filter(sequence=old).update(sequence=new)
    assert "Event 2 was changed." in findings()


def test_a_tail_cut_off_is_found(trail, trail_lifted):
    with trail_lifted():
        AuditEvent.objects.filter(sequence__gt=3).delete()
    assert findings() == ["The last event is 3, but the head of the trail says 5, or has another hash."]


def test_a_tail_cut_off_with_the_head_put_back_is_found_by_a_saved_head(trail, trail_lifted):
    kept = head()
    with trail_lifted():
        AuditEvent.objects.filter(sequence__gt=3).delete()
    AuditHead.objects.update(sequence=3, hash=trail[2].hash)
    verify()
    assert findings("--head", kept) == ["Event 5, whose hash was saved, is missing."]


def test_a_trail_written_anew_is_found_by_a_saved_head(trail, trail_lifted, annotator):
    kept = head()
    with trail_lifted():
        AuditEvent.objects.all().delete()
    AuditHead.objects.update(sequence=0, hash="")
    for _ in range(6):
        record("seen", annotator, actor=annotator)
    verify()
    assert findings("--head", kept) == [
        "Event 5 is not the one whose hash was saved: the trail was written anew.",
    ]


def test_events_put_in_beside_the_door_are_found(trail):
    AuditHead.objects.update(sequence=4, hash=trail[3].hash)
    assert findings() == ["Events 5 to 5 lie beyond the head of the trail."]


def test_a_missing_trigger_is_found(trail):
    guard.remove(connection)
    try:
        assert len(findings()) == len(guard.missing(connection)) > 1
    finally:
        guard.install(connection)


def test_a_head_that_is_none_is_refused(db):
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        verify("--head", "5")


# --- Nothing without its event ---------------------------------------------------------------------------------------


def test_without_its_event_nobody_is_signed_in(client, annotator, break_trail):
    break_trail()
    form = {"login": "anna", "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 503
    assert client.get(reverse("home")).status_code == 302


def test_without_its_event_nobody_is_signed_out(client, annotator, break_trail):
    client.force_login(annotator)
    break_trail()
    assert client.post(reverse("account_logout")).status_code == 503
    assert client.get(reverse("home")).status_code == 200


def test_without_its_event_nothing_is_decided(pending, irb_staff, break_trail):
    break_trail()
    registration = pending.registrations.get()
    with pytest.raises(OperationalError):
        services.approve_registrations([registration], by=irb_staff)
    registration.refresh_from_db()
    assert registration.status == Registration.Status.PENDING
    assert not pending.grants.exists()


def test_without_its_event_no_project_is_made_or_changed(client, creator, project, annotator, break_trail):
    break_trail()
    with pytest.raises(OperationalError):
        project_services.add_member(project=project, person=annotator, actor=creator)
    assert not project.memberships.filter(user=annotator).exists()
    with pytest.raises(OperationalError):
        project_services.archive_project(project=project, actor=creator)
    assert not Project.objects.filter(archived_at__isnull=False).exists()


def test_without_its_event_no_password_is_changed(client, annotator, break_trail):
    client.force_login(annotator)
    break_trail()
    form = {"oldpassword": PASSWORD, "password1": "another horse battery", "password2": "another horse battery"}
    assert client.post(reverse("account_change_password"), form).status_code == 503
    annotator.refresh_from_db()
    assert annotator.check_password(PASSWORD)


def test_without_its_event_nothing_is_configured(client, administrator, break_trail):
    client.force_login(administrator)
    break_trail()
    url = reverse("admin:auth_group_add")
    assert client.post(url, {"name": "Readers"}).status_code == 503
    assert not client.get(reverse("admin:auth_group_changelist") + "?q=Readers").context["cl"].result_count


# --- Many at once, and what was there before -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_writers_at_once_leave_neither_gap_nor_fork():
    people = [UserFactory() for _ in range(8)]
    failures = []

    def write(person):
        try:
            for number in range(15):
                with transaction.atomic():
                    record("seen", person, actor=person, new=str(number))
                    if number % 5 == 4:
                        transaction.set_rollback(True)  # an action that fails after its event leaves no gap
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(AuditEvent.objects.values_list("sequence", flat=True)) == list(range(1, 8 * 12 + 1))
    verify()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_events_of_before_are_sealed_by_the_migration():
    project = ProjectFactory()
    executor = MigrationExecutor(connection)
    now = executor.loader.graph.leaf_nodes()
    executor.migrate([("accounts", "0002_irb_staff_group")])
    try:
        old = executor.loader.project_state([("accounts", "0002_irb_staff_group")]).apps.get_model(
            "accounts", "AuditEvent"
        )
        for number in range(3):
            old.objects.create(
                actor_id=project.creator_id,
                actor_name="carla",
                object_type="projects.Project",
                object_id=project.pk,
                action="seen",
                new=f"ü {number}",
            )
        old.objects.filter(new="ü 1").delete()  # a gap that PostgreSQL leaves after any failure
    finally:
        MigrationExecutor(connection).migrate(now)
    assert list(AuditEvent.objects.values_list("sequence", "new", "project")) == [
        (1, "ü 0", project.pk),
        (2, "ü 2", project.pk),
    ]
    assert "Checked 2 events" in verify()
    record("seen", project, actor=None)
    assert "Checked 3 events" in verify()
