from django.db import migrations

# Registrations are decided by actions that ask for "change"; grants are written by them and ended by hand.
RIGHTS = {
    "registration": ["view", "change"],
    "grant": ["view", "add", "change"],
    "protocol": ["view", "add", "change"],
    "auditevent": ["view"],
}


def make_group(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    group, _ = Group.objects.get_or_create(name="IRB staff")
    for model, actions in RIGHTS.items():
        # Django itself writes these rows only after the last migration.
        content_type, _ = ContentType.objects.get_or_create(app_label="accounts", model=model)
        for action in actions:
            permission, _ = Permission.objects.get_or_create(
                content_type=content_type, codename=f"{action}_{model}", defaults={"name": f"Can {action} {model}"}
            )
            group.permissions.add(permission)


def forget_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="IRB staff").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, forget_group)]
