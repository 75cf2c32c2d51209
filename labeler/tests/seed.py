"""Fills the installation it runs in with people who label, and says how to log in: python -m labeler.tests.seed 8 4

A project with as many members as the first word says and as many images as the second, of 1024 px a side or what the
third says; every member has saved the first image twice, through the real view.
"""

import json
import sys

import django

SIDE = 1024  # px: two by two tiles


def main(members: int, images: int, side: int = SIDE) -> None:
    import numpy as np
    from django.test import Client

    from accounts.tests.factories import PASSWORD, UserFactory
    from annotation.assignment import assign
    from annotation.tests.painting import save_form, send
    from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

    project = ProjectFactory(name="Colon glands")
    for value in range(1, 6):
        CategoryFactory(project=project, value=value, position=value, name=f"Category {value}")
    random = np.random.default_rng(1)
    for position in range(images):
        pixels = np.tile(random.integers(0, 255, (side // 16, side // 16, 3), np.uint8), (16, 16, 1))
        ImageFactory(project=project, position=position, name=f"field-{position}.png", pixels=pixels)
    people = []
    for number in range(members):
        user = UserFactory(username=f"member{number}", full_name=f"Member {number}", grant=True)
        membership = MembershipFactory(project=project, user=user)
        assign(membership)
        annotation = membership.annotations.in_order().first()
        browser = Client(headers={"host": "127.0.0.1"})
        browser.force_login(user)
        for kind, value in (("autosave", 1), ("checkpoint", 2)):
            form = save_form({(0, 0, number % 2): np.full((512, 512), value, np.uint8)}, kind)
            answer = send(browser, annotation, form)
            assert answer.status_code == 200, answer.content
        people.append({"username": user.username, "annotation": annotation.pk})
    print(json.dumps({"password": PASSWORD, "people": people}))


if __name__ == "__main__":
    django.setup()
    main(*map(int, sys.argv[1:]))
