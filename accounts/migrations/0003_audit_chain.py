"""Number and chain the events of the audit trail, those that are there already too, and let nobody change them."""

import django.utils.timezone
from django.db import migrations, models

from accounts import chain, guard

AT_ONCE = 500


def seal(apps, schema_editor):
    """Number the events in the order they came, name their projects, and chain them."""
    AuditEvent = apps.get_model("accounts", "AuditEvent")
    projects = projects_of(apps)
    columns = ["actor_id" if name == "actor" else name for name in chain.FIELDS]
    sequence, previous, changed = 0, chain.BEGINNING, []
    for event in AuditEvent.objects.order_by("id").iterator(AT_ONCE):
        sequence += 1
        event.sequence = sequence
        event.project = projects.get(event.object_type, {}).get(event.object_id)
        event.previous_hash = previous
        event.hash = previous = chain.digest(chain.serialise([getattr(event, column) for column in columns]))
        changed.append(event)
        if len(changed) == AT_ONCE:
            write(AuditEvent, changed)
            changed = []
    write(AuditEvent, changed)
    apps.get_model("accounts", "AuditHead").objects.create(sequence=sequence, hash=previous)


def projects_of(apps):
    """{kind of object: {its number, as text: number of its project}}"""
    paths = {
        "projects.Project": "pk",
        "projects.Category": "project_id",
        "projects.Membership": "project_id",
        "projects.Image": "project_id",
        "annotation.Annotation": "image__project_id",
    }
    found = {}
    for kind, path in paths.items():
        rows = apps.get_model(kind).objects.order_by().values_list("pk", path)
        found[kind] = {str(pk): project for pk, project in rows}
    return found


def write(AuditEvent, events):
    AuditEvent.objects.bulk_update(events, ["sequence", "project", "previous_hash", "hash"], batch_size=100)


def install(apps, schema_editor):
    guard.install(schema_editor.connection)


def remove(apps, schema_editor):
    guard.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_irb_staff_group"),
        ("projects", "0001_initial"),
        ("annotation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField(default=0)),
                ("hash", models.CharField(default=chain.BEGINNING, max_length=64)),
            ],
        ),
        migrations.AddField("auditevent", "project", models.BigIntegerField("project", null=True)),
        migrations.AddField("auditevent", "sequence", models.BigIntegerField("no.", null=True)),
        migrations.AlterField(
            "auditevent",
            "ip",
            models.CharField("address", blank=True, default="", max_length=39),
            preserve_default=False,
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.AlterField("auditevent", "sequence", models.BigIntegerField("no.", unique=True)),
        migrations.AlterField("auditevent", "hash", models.CharField(max_length=64)),
        migrations.AlterField("auditevent", "actor_name", models.CharField("who", max_length=150)),
        migrations.AlterField(
            "auditevent", "at", models.DateTimeField("at (UTC)", db_index=True, default=django.utils.timezone.now)
        ),
        migrations.AlterField("auditevent", "object_id", models.CharField("number of the object", max_length=64)),
        migrations.AlterField("auditevent", "object_type", models.CharField("kind of object", max_length=60)),
        migrations.AlterField("auditevent", "request_id", models.CharField("request", blank=True, max_length=64)),
        migrations.AlterModelOptions("auditevent", options={"ordering": ["sequence"]}),
        migrations.AddIndex("auditevent", models.Index(fields=["project", "sequence"], name="audit_by_project")),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["action", "actor", "object_id", "at"], name="audit_by_action")
        ),
        migrations.RunPython(install, remove),
    ]
