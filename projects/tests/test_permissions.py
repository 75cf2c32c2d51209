"""What roles change on their way; who gets which answer stands in the permission matrix."""

from django.urls import reverse

from projects.tests.factories import MembershipFactory


def test_creator_of_the_project_cannot_be_removed(client, creator, project):
    client.force_login(creator)
    own = project.memberships.get()
    assert client.post(reverse("member_remove", args=[project.pk, own.pk])).status_code == 403
    own.refresh_from_db()
    assert own.removed_at is None


def test_a_creator_whose_right_to_create_has_ended_labels_and_manages_nothing(client, creator, project):
    creator.grants.update(may_create_projects=False)
    client.force_login(creator)
    assert client.get(reverse("project_edit", args=[project.pk])).status_code == 403
    assert client.get(reverse("label_next", args=[project.pk])).status_code == 302


def test_an_administrator_who_is_a_member_keeps_the_rights_of_an_administrator(client, administrator, project):
    MembershipFactory(project=project, user=administrator)
    client.force_login(administrator)
    assert client.get(reverse("project_edit", args=[project.pk])).status_code == 200
