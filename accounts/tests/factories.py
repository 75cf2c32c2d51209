"""Factories of people, registrations and grants."""

from importlib import import_module

import factory
from django.apps import apps
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts.data_use import data_use_text
from accounts.models import IRB_STAFF, Grant, Protocol, Registration, User

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    """A person without any right. `grant=True` approves, `registration=True` makes one who waits."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.org")
    full_name = factory.Faker("name")
    password = factory.django.Password(PASSWORD)
    data_use_version = factory.LazyFunction(lambda: data_use_text().version)

    @factory.post_generation
    def grant(self, create, extracted, **kwargs):
        if extracted or kwargs:
            GrantFactory(user=self, **kwargs)

    @factory.post_generation
    def registration(self, create, extracted, **kwargs):
        if extracted or kwargs:
            RegistrationFactory(user=self, **kwargs)

    @factory.post_generation
    def irb_staff(self, create, extracted, **kwargs):
        if extracted:
            self.is_staff = True
            self.save()
            # A test with transactions of its own empties every table at its end, also of what migrations wrote.
            import_module("accounts.migrations.0002_irb_staff_group").make_group(apps, None)
            self.groups.add(Group.objects.get(name=IRB_STAFF))


class RegistrationFactory(DjangoModelFactory):
    class Meta:
        model = Registration

    user = factory.SubFactory(UserFactory)
    reason = "I read slides of this study."
    protocol_number = "2026-0117"


class ProtocolFactory(DjangoModelFactory):
    class Meta:
        model = Protocol

    number = factory.Sequence(lambda n: f"2026-{n:04}")
    title = "Glands of the colon"
    principal_investigator = "Ines Vestigator"


class GrantFactory(DjangoModelFactory):
    class Meta:
        model = Grant

    user = factory.SubFactory(UserFactory)
    granted_by = factory.SelfAttribute("user")
