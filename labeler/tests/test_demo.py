"""The demo: its people and their rights, its project, its passwords, and that it never touches a database in use."""

import io
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image as PillowImage

from accounts.models import Registration, User
from annotation.imaging.phantom import PHANTOM_CATEGORIES
from annotation.models import Annotation
from labeler.management.commands import demo
from projects.models import Project

pytestmark = pytest.mark.django_db
ROW = re.compile(r"^  .+ (\w+)\s+((?:[a-z]{6}-){2}[a-z]{6})$", re.MULTILINE)


def run(**options) -> str:
    output = io.StringIO()
    call_command("demo", stdout=output, **options)
    return output.getvalue()


@pytest.fixture
def quick(monkeypatch):
    """Phantoms of a size that is drawn at once."""
    monkeypatch.setattr(demo, "PHANTOMS", [(96, 128, seed) for seed in (1, 2, 3)])


def passwords(said: str) -> dict[str, str]:
    return dict(ROW.findall(said))


def test_demo_has_people_of_every_role_and_a_project_to_label(quick):
    given = passwords(run())
    people = {user.username: user for user in User.objects.all()}
    assert set(given) == set(people) == {"admin", "irb", "carla", "anna", "ben", "petra"}
    assert all(people[name].check_password(password) for name, password in given.items())
    assert people["admin"].is_superuser
    assert people["irb"].is_irb_staff
    assert not people["irb"].may_label
    assert people["carla"].may_create_projects
    assert people["anna"].may_label
    assert not people["anna"].may_create_projects
    assert not people["petra"].is_approved
    assert Registration.objects.pending().get().user == people["petra"]
    project = Project.objects.get()
    categories = list(project.categories.values_list("value", "name", "color"))
    assert categories == [tuple(category) for category in PHANTOM_CATEGORIES]
    assert project.images.placed().count() == 6
    for member in project.memberships.exclude(user=people["carla"]):
        assert Annotation.objects.filter(member=member).count() == 6


def test_running_it_again_changes_nothing_and_says_so(quick):
    given = passwords(run())
    said = run()
    assert "changed nothing" in said
    assert passwords(said) == {}
    assert User.objects.get(username="anna").check_password(given["anna"])
    assert Project.objects.count() == 1


def test_database_with_people_is_left_alone(creator):
    assert "changed nothing" in run()
    assert User.objects.count() == 1


def test_new_passwords_replace_the_old_ones_of_the_demo_only(quick):
    old = passwords(run())
    stranger = User.objects.create_user("real", "real@example.org", "unchanged password", full_name="A Real Person")
    new = passwords(run(new_passwords=True))
    assert set(new) == set(old)
    for name, password in new.items():
        assert User.objects.get(username=name).check_password(password)
        assert not User.objects.get(username=name).check_password(old[name])
    stranger.refresh_from_db()
    assert stranger.check_password("unchanged password")


def test_new_passwords_without_a_demo_is_one_clear_sentence():
    with pytest.raises(CommandError, match="no people of the demo"):
        run(new_passwords=True)


def test_images_of_a_folder_come_in_natural_order_and_unusable_ones_are_named(tmp_path):
    for name in ("field 10.png", "Field 9.png", "field 1.jpg"):
        PillowImage.fromarray(np.full((40, 60, 3), 200, np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_bytes(b"")
    said = run(images=str(tmp_path))
    assert "left out: notes.txt" in said
    assert "hidden" not in said
    images = Project.objects.get().images.placed()
    assert list(images.values_list("name", flat=True)) == ["field 1.jpg", "Field 9.png", "field 10.png"]


@pytest.mark.parametrize(("folder", "sentence"), [("missing", "cannot be read"), ("empty", "No image could be used")])
def test_folder_without_images_leaves_the_database_empty(tmp_path, folder, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match=sentence):
        run(images=str(tmp_path / folder))
    assert not User.objects.exists()


def test_passwords_are_all_different_and_long_enough():
    made = {demo.readable_password() for _ in range(200)}
    assert len(made) == 200
    assert min(map(len, made)) >= 12
