"""What the database itself refuses."""

import pytest
from django.db import IntegrityError

from annotation.imaging.archive import name_key
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory


@pytest.mark.parametrize(
    "doubled",
    [
        lambda project: ProjectFactory(creator=project.creator, name=project.name.upper()),
        lambda project: CategoryFactory(project=project, name="TUMOUR", value=9),
        lambda project: CategoryFactory(project=project, name="Other", value=1),
        lambda project: CategoryFactory(project=project, name="Ignore", value=255),
        lambda project: MembershipFactory(project=project, user=project.creator),
        lambda project: MembershipFactory(project=project, role="creator"),
        lambda project: [ImageFactory(project=project, position=0) for _ in range(2)],
        lambda project: [ImageFactory(project=project, name=name) for name in ("Ä.png", "a\u0308.PNG")],
    ],
)
def test_database_refuses_what_would_be_ambiguous(project, doubled):
    with pytest.raises(IntegrityError):
        doubled(project)


def test_images_that_wait_may_share_a_position(project):
    images = [ImageFactory(project=project, position=0, status="uploaded") for _ in range(2)]
    assert project.images.count() == len(images)


def test_names_are_the_same_whatever_their_case_and_composition():
    assert name_key("A\u0308.PNG") == name_key("ä.png")
    assert name_key("straße") == name_key("STRASSE")
