"""The day of an IRB officer, from the first page of the administration to the last mark, with mouse and keyboard."""

import csv
import datetime
import re
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Grant, Protocol, Registration, User
from accounts.tests.factories import PASSWORD, ProtocolFactory, RegistrationFactory, UserFactory
from labeler.tests.browser.people import log_in
from projects.tests.factories import ImageFactory, MembershipFactory


@pytest.fixture
def morning(project, annotator, creator, irb_staff):
    """What lies there when Irene comes in; the image of the project."""
    today, now = timezone.localdate(), timezone.now()
    project.protocol = ProtocolFactory(number="2026-0117", expires_on=today + datetime.timedelta(days=6))
    project.save()
    for person in (annotator, creator):
        person.grants.get().protocols.add(project.protocol)
    annotator.grants.update(since=now - datetime.timedelta(days=400))
    MembershipFactory(project=project, user=annotator)
    image = ImageFactory(project=project)
    for name, purpose in (("Nia New", "annotate"), ("Ole Open", "annotate"), ("Dan Dubious", "create")):
        user = UserFactory(username=name.split()[0].lower(), full_name=name, affiliation="Pathology")
        created = now - datetime.timedelta(days=4)
        RegistrationFactory(user=user, purpose=purpose, protocol_number="2026-0117", created_at=created)
    RegistrationFactory(user=UserFactory(username="vera", full_name="Vera Vague"), reason="I want in.")
    return image


def tick(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("row", name=re.compile(name)).get_by_role("checkbox").check()


def run(page: Page, action: str) -> None:
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name=re.compile("^(Go|Run)")).click()


def test_the_day_of_an_irb_officer(page, live_server, morning, irb_staff, administrator, annotator, project):
    image = morning
    log_in(page, live_server.url, "irene")
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("link", name="4 requests are waiting")).to_be_visible()
    expect(page.locator(".irb")).to_contain_text("the oldest for 4 days")
    expect(page.locator(".irb-card").first).to_contain_text("IRB protocol 2026-0117 (Glands of the colon)")
    expect(page.locator(".irb-card").first).to_contain_text("in 6 days")

    # Two are approved at once, one is declined, one is asked for more.
    page.get_by_role("link", name="4 requests are waiting").click()
    tick(page, "Nia New", "Ole Open")
    run(page, "Approve")
    page.get_by_label("Reason").fill("Welcome.")
    page.get_by_role("button", name="Approve 2 requests").click()
    expect(page.get_by_text("2 approved.")).to_be_visible()
    tick(page, "Dan Dubious")
    run(page, "Decline")
    page.get_by_label("Reason").fill("You are not part of this study.")
    page.get_by_role("button", name="Decline 1 request").click()
    expect(page.get_by_text("1 declined.")).to_be_visible()
    page.get_by_role("link", name="Vera Vague").click()
    page.get_by_role("button", name="Ask for more").click()
    page.get_by_label("Question").fill("Which study, and who asked you?")
    page.get_by_role("button", name="Ask about 1 request").click()
    expect(page.get_by_text("1 asked.")).to_be_visible()
    expect(page.get_by_text("No request is waiting or matches the filters.")).to_be_visible()
    assert len(mail.outbox) == 4
    nia = User.objects.get(username="nia")
    assert [one.number for one in nia.grants.get().protocols.all()] == ["2026-0117"]

    # Vera answers, and her page shows all that happened.
    visitor = page.context.browser.new_context().new_page()
    visitor.goto(f"{live_server.url}/accounts/login/")
    visitor.get_by_label("Username or e-mail").fill("vera")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Log in").click()
    expect(visitor.get_by_text("Which study, and who asked you?")).to_be_visible()
    visitor.get_by_label("Reason").fill("The gland study; Carla Creator asked me.")
    visitor.get_by_role("button", name="Send the request").click()
    expect(visitor.get_by_text("Your request is waiting for IRB staff.")).to_be_visible()
    visitor.close()
    page.reload()
    expect(page.get_by_role("row", name=re.compile("Vera Vague"))).to_contain_text("Carla Creator asked me.")
    page.get_by_role("link", name="Vera Vague").click()
    expect(page.locator(".steps li")).to_contain_text(["irene asked Which study", "vera answered"])

    # The certificate of Anna is entered, and the protocol renewed.
    page.goto(f"{live_server.url}/admin/accounts/grant/")
    page.get_by_role("row", name=re.compile("Anna Annotator")).get_by_role("link").first.click()
    expect(page.locator(".field-person")).to_contain_text("Anna Annotator")
    page.get_by_label("Training certificate of").fill("2026-03-01")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("Anna Annotator"))).to_contain_text("2026-03-01")
    page.goto(f"{live_server.url}/admin/accounts/protocol/")
    expect(page.get_by_role("row", name=re.compile("2026-0117"))).to_contain_text("ends in 6 days")
    page.get_by_role("link", name="2026-0117").click()
    expect(page.locator(".field-under_it")).to_contain_text("Colon glands")
    page.get_by_label("Expires on").fill("2031-01-01")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("2026-0117"))).to_contain_text("holds")
    assert Protocol.objects.get().expires_on == datetime.date(2031, 1, 1)

    # Who can see what: what is due is looked through, and the list taken along.
    page.goto(f"{live_server.url}/admin/accounts/access/?review=due")
    tick(page, "Anna Annotator")
    run(page, "Mark as reviewed")
    expect(page.get_by_text("1 grant marked as reviewed.")).to_be_visible()
    expect(page.get_by_text("Nobody matches.")).to_be_visible()
    assert Grant.objects.get(user=annotator).reviewed_by == irb_staff
    page.goto(f"{live_server.url}/admin/accounts/access/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert {(row["username"], row["project"]) for row in rows} == {
        ("anna", "Colon glands"),
        ("carla", "Colon glands"),
        ("root", "every project"),
    }

    # In the evening the first page says what was decided; images she has seen none.
    page.goto(f"{live_server.url}/admin/")
    expect(page.locator(".irb-card").last).to_contain_text("Dan Dubious")
    assert Registration.objects.pending().get().user.username == "vera"
    for name, args in (("label_next", [project.pk]), ("project_edit", [project.pk]), ("image_pixels", [image.pk])):
        assert page.request.get(live_server.url + reverse(name, args=args)).status == 404
