"""Factories of projects, categories, memberships and images."""

import hashlib
import io

import factory
import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from factory.django import DjangoModelFactory
from PIL import Image as PillowImage

from accounts.tests.factories import UserFactory
from projects.models import Category, Image, Membership, Project


class ProjectFactory(DjangoModelFactory):
    """A project with its creator as a member."""

    class Meta:
        model = Project
        skip_postgeneration_save = True

    creator = factory.SubFactory(UserFactory, grant__may_create_projects=True)
    name = factory.Sequence(lambda n: f"Project {n}")

    @factory.post_generation
    def membership(self, create, extracted, **kwargs):
        MembershipFactory(project=self, user=self.creator, role=Membership.Role.CREATOR)


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    project = factory.SubFactory(ProjectFactory)
    value = factory.Sequence(lambda n: n % 254 + 1)
    name = factory.Sequence(lambda n: f"Category {n}")
    color = "#009E73"
    position = factory.SelfAttribute("value")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory, grant=True)
    added_by = factory.SelfAttribute("project.creator")


class ImageFactory(DjangoModelFactory):
    """An image of noise, placed in the order; `pixels=` takes a (rows, cols, 3) uint8 array."""

    class Meta:
        model = Image
        exclude = ["pixels"]

    project = factory.SubFactory(ProjectFactory)
    position = factory.Sequence(lambda n: n)
    name = factory.Sequence(lambda n: f"field-{n}.png")
    pixels = factory.LazyFunction(lambda: np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8))
    width = factory.LazyAttribute(lambda image: image.pixels.shape[1])
    height = factory.LazyAttribute(lambda image: image.pixels.shape[0])
    grid_width = factory.SelfAttribute("width")
    grid_height = factory.SelfAttribute("height")
    upload_sha256 = factory.LazyAttribute(lambda image: hashlib.sha256(image.name.encode()).hexdigest())
    pixels_sha256 = factory.LazyAttribute(lambda image: hashlib.sha256(image.pixels.tobytes()).hexdigest())
    status = Image.Status.READY
    uploaded_by = factory.SelfAttribute("project.creator")

    @classmethod
    def _generate(cls, strategy, params):
        pixels = params.get("pixels")
        image = super()._generate(strategy, params)
        if pixels is None:
            pixels = np.random.default_rng(0).integers(0, 255, (image.height, image.width, 3), np.uint8)
        buffer = io.BytesIO()
        PillowImage.fromarray(pixels).save(buffer, "PNG")
        storages["images"].save(image.pixels_name, ContentFile(buffer.getvalue()))
        return image
