"""A member with three images to label, each of 700 × 600 px: two by two tiles."""

import numpy as np
import pytest

from annotation.assignment import assign
from projects.tests.factories import ImageFactory, MembershipFactory


@pytest.fixture
def images(project):
    blank = np.zeros((600, 700, 3), np.uint8)
    return [
        ImageFactory(project=project, position=position, name=f"field-{position}.png", pixels=blank)
        for position in range(3)
    ]


@pytest.fixture
def membership(project, annotator):
    return MembershipFactory(project=project, user=annotator)


@pytest.fixture
def work(membership, images):
    """The annotations of the annotator, in order."""
    assign(membership)
    return list(membership.annotations.in_order())


@pytest.fixture
def annotation(work):
    """What the annotator is to label first."""
    return work[0]


@pytest.fixture
def painter(client, annotator):
    """A browser in which the annotator is logged in."""
    client.force_login(annotator)
    return client
