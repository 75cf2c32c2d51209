"""A protocol or a grant ends while somebody paints: it stops with the reason, nothing is lost, renewal goes on."""

import datetime

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Grant, Protocol, day_in_words
from accounts.tests.factories import ProtocolFactory
from annotation.assignment import assign
from labeler.tests.browser.conftest import watch
from labeler.tests.browser.painter import Painter
from labeler.tests.browser.people import log_in
from labeler.tests.browser.test_offline import (
    BACK,
    HEIGHT,
    WIDTH,
    at,
    crash,
    file_of,
    forget,
    kinds,
    new_page,
    open_again,
    open_editor,
    paint,
)
from projects.tests.factories import ImageFactory, MembershipFactory


@pytest.fixture
def protocol(project, annotator):
    """That of the project, for which Anna is approved."""
    project.protocol = ProtocolFactory(number="2026-0117", expires_on=timezone.localdate() + datetime.timedelta(days=9))
    project.save()
    annotator.grants.get().protocols.add(project.protocol)
    return project.protocol


@pytest.fixture
def work(project, annotator, protocol):
    """An image that Anna is to label."""
    ImageFactory(project=project, name="field.png", pixels=np.full((HEIGHT, WIDTH, 3), (214, 160, 200), np.uint8))
    membership = MembershipFactory(project=project, user=annotator)
    assign(membership)
    return membership.annotations.get()


@pytest.fixture
def address(live_server, work):
    return live_server.url + reverse("editor", args=[work.pk])


@pytest.fixture
def painter():
    return Painter(WIDTH, HEIGHT)


@pytest.fixture
def editor(context, live_server, address, troubles):
    page = new_page(context)
    watch(page, troubles)
    log_in(page, live_server.url, "anna")
    editor = open_editor(page, address)
    yield editor
    for page in context.pages:
        page.close()
    assert troubles == []


def test_a_protocol_that_ends_while_somebody_paints(editor, context, address, work, painter, protocol, troubles):
    today = timezone.localdate()
    page = editor.page
    paint(editor, painter, -60, 1)
    editor.wait_until_saved()
    before = painter.mask.copy()

    editor.page.keyboard.press("2")
    editor.point(-250, 40)
    page.mouse.down()  # the pointer is down when the protocol ends
    Protocol.objects.filter(pk=protocol.pk).update(expires_on=today)
    page.mouse.up()
    painter.stroke([editor.point(-250, 40)], 9, 2)
    paint(editor, painter, 90, 3)
    sentence = f"This project is read-only: IRB protocol 2026-0117 expired on {day_in_words(today)}."
    dialog = page.get_by_role("dialog", name="Your work cannot be saved here")
    expect(dialog).to_contain_text(sentence)
    forget(troubles, "403")
    assert np.array_equal(file_of(page), painter.mask)
    dialog.get_by_role("button", name="Later").click()
    expect(page.locator("#save-state")).to_have_text("Not saved")
    assert np.array_equal(at(work), before)
    crash(editor)

    again = open_again(context, address).page
    expect(again.get_by_role("note")).to_contain_text(sentence)
    expect(again.get_by_role("button", name="Save checkpoint")).to_be_hidden()
    dialog = again.get_by_role("dialog", name="Your work cannot be saved here")
    expect(dialog).to_contain_text(sentence)
    assert np.array_equal(file_of(again), painter.mask)
    dialog.get_by_role("button", name="Later").click()
    again.goto(address.partition("/annotations")[0])
    expect(again.get_by_role("status")).to_contain_text(sentence)
    expect(again.get_by_role("link", name="Continue labelling")).to_be_hidden()
    again.close()

    Protocol.objects.filter(pk=protocol.pk).update(expires_on=today + datetime.timedelta(days=365))
    renewed = open_again(context, address)
    expect(renewed.page.get_by_text(BACK)).to_be_visible()
    renewed.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
    assert kinds(work) == ["autosave", "autosave"]


def test_a_grant_that_ends_while_somebody_paints(
    editor, context, address, work, annotator, painter, protocol, troubles
):
    page = editor.page
    paint(editor, painter, -60, 1)
    editor.wait_until_saved()
    annotator.grants.update(until=timezone.now())
    paint(editor, painter, 60, 2)
    sentence = f"Your access to Labeler ended on {day_in_words(timezone.now())}."
    dialog = page.get_by_role("dialog", name="Your work cannot be saved here")
    expect(dialog).to_contain_text(sentence)
    forget(troubles, "403")
    assert np.array_equal(file_of(page), painter.mask)
    dialog.get_by_role("button", name="Later").click()
    crash(editor)

    page = new_page(context)
    page.goto(address)
    expect(page.get_by_role("heading", name="Your access has ended")).to_be_visible()
    page.close()

    grant = Grant.objects.create(user=annotator, granted_by=annotator)
    grant.protocols.add(protocol)
    renewed = open_again(context, address)
    expect(renewed.page.get_by_text(BACK)).to_be_visible()
    renewed.wait_until_saved()
    assert np.array_equal(at(work), painter.mask)
