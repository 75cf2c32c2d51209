"""The suite of the editor in small: every section really does in the browser what its figure is of."""

import math

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from annotation.assignment import assign
from annotation.benchmarks import editor
from annotation.benchmarks.parts import desks, feel, opening, saves
from annotation.benchmarks.parts.browser import session_cookie
from annotation.benchmarks.parts.pictures import phantom
from annotation.benchmarks.parts.throwaway import Workplace
from annotation.imaging.phantom import PHANTOM_CATEGORIES
from annotation.tests.test_benchmark_editor import ROWS
from projects.tests.factories import CategoryFactory, ImageFactory, MembershipFactory, ProjectFactory

SIDE = 600


@pytest.fixture
def found(browser, live_server):
    """Desks as `desks.opened` makes them, at small images."""
    addresses, cookies = {}, {}
    for name in ("small", "usual", "large", "labelled", "huge"):
        project = ProjectFactory()
        for value, title, color in PHANTOM_CATEGORIES:
            CategoryFactory(project=project, value=value, name=title, color=color)
        ImageFactory(project=project, pixels=phantom(SIDE).image)
        membership = MembershipFactory(project=project, user=UserFactory(username=name, grant=True))
        assign(membership)
        annotation = membership.annotations.get()
        if name == "labelled":
            desks.label(Workplace(membership.user, annotation.image, annotation))
        addresses[name] = live_server.url + reverse("editor", args=[annotation.pk])
        cookies[name] = session_cookie(membership.user, live_server.url)
    return desks.Desks(browser, dict.fromkeys(addresses, SIDE), addresses, cookies)


def test_every_section_yields_its_figures(found, warm_worker, monkeypatch):
    for part in (feel, opening, saves):
        monkeypatch.setattr(part, "ROUNDS", 1)
    for name, few in (("FRAME_ROUNDS", 1), ("NAIVE_ROUNDS", 1), ("UNDOS", 2), ("MOVES", 8), ("HOVERS", 12)):
        monkeypatch.setattr(feel, name, few)
    rows = [row for section in editor.sections(found) for row in section()]
    assert [name for name, _, _ in rows] == ROWS
    figures = {name: figure for name, figure, _ in rows}
    assert all(math.isfinite(figure) for figure in figures.values())
    for name in set(ROWS) - {"open_to_paintable_ms_after_load", "reopen_mask_drawn_ms_after_load"}:
        assert figures[name] > 0, name
    assert figures["naive_over_ours"] > 1
    labels = 2 * SIDE * SIDE / 2 / 1e6
    assert figures["memory_mb"] > labels
