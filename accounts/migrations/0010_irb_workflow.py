import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_audit_chain"),
        ("projects", "0002_ground_truth_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("object_id", models.BigIntegerField()),
                ("ends_on", models.DateField()),
                ("days", models.PositiveSmallIntegerField()),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Access",
            fields=[],
            options={
                "verbose_name": "access",
                "verbose_name_plural": "who can see what",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("projects.membership",),
        ),
        migrations.RemoveConstraint(
            model_name="registration",
            name="registration_one_pending_per_user",
        ),
        migrations.AddField(
            model_name="grant",
            name="reviewed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last reviewed"),
        ),
        migrations.AddField(
            model_name="grant",
            name="reviewed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="protocol",
            name="status_since",
            field=models.DateField(default=django.utils.timezone.localdate, editable=False),
        ),
        migrations.AddField(
            model_name="registration",
            name="data_use_accepted_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="accepted on"),
        ),
        migrations.AddField(
            model_name="registration",
            name="data_use_version",
            field=models.CharField(blank=True, max_length=40, verbose_name="data-use text accepted"),
        ),
        migrations.AddField(
            model_name="registration",
            name="first_approved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="first approval on"),
        ),
        migrations.AddField(
            model_name="registration",
            name="first_approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="data_use_accepted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="accepted on"),
        ),
        migrations.AddField(
            model_name="user",
            name="data_use_version",
            field=models.CharField(blank=True, editable=False, max_length=40, verbose_name="data-use text accepted"),
        ),
        migrations.AlterField(
            model_name="protocol",
            name="expires_on",
            field=models.DateField(
                blank=True,
                help_text="The first day on which it no longer holds: labelling is read-only from then on.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="protocol",
            name="status",
            field=models.CharField(
                choices=[("active", "Active"), ("suspended", "Suspended"), ("closed", "Closed")],
                default="active",
                help_text="Suspending or closing it makes labelling read-only at once. Nothing is deleted.",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="registration",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("annotate", "Label images of projects I am invited to"),
                    ("create", "Create projects and label"),
                    ("irb", "Decide about people, as IRB staff"),
                    ("administer", "Administer Labeler"),
                ],
                default="annotate",
                max_length=10,
                verbose_name="what for",
            ),
        ),
        migrations.AlterField(
            model_name="registration",
            name="status",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("asked", "More asked"),
                    ("approved", "Approved"),
                    ("declined", "Declined"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["pending", "asked"])),
                fields=("user",),
                name="registration_one_open_per_user",
                violation_error_message="A request of this person is waiting already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("purpose__in", ["irb", "administer"]), ("status", "approved"), _negated=True),
                    models.Q(
                        ("first_approved_by__isnull", False),
                        models.Q(("first_approved_by", models.F("decided_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="registration_staff_need_two",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="recipient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("recipient", "kind", "object_id", "ends_on", "days"), name="reminder_once"
            ),
        ),
    ]
