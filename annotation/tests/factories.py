"""Factories of annotations."""

import factory
from factory.django import DjangoModelFactory

from annotation.models import Annotation
from projects.tests.factories import ImageFactory, MembershipFactory


class AnnotationFactory(DjangoModelFactory):
    """Work waiting for a member."""

    class Meta:
        model = Annotation

    image = factory.SubFactory(ImageFactory)
    member = factory.SubFactory(MembershipFactory, project=factory.SelfAttribute("..image.project"))
    position = factory.SelfAttribute("image.position")
