"""Where a log-in beside the editor ends."""

from django.urls import reverse

from accounts.tests.factories import PASSWORD


def test_whoever_logs_in_beside_the_editor_ends_there(client, annotator):
    ends = reverse("signed_in", args=[annotator.pk])
    response = client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD, "next": ends})
    assert response.url == ends
    assert "You are logged in" in client.get(ends).content.decode()


def test_somebody_else_is_told_so_and_may_log_out_and_back_in_there(client, annotator, outsider):
    client.force_login(outsider)
    ends = reverse("signed_in", args=[annotator.pk])
    page = client.get(ends).content.decode()
    assert "You are logged in as otto" in page
    assert "anna" not in page
    back = f"{reverse('account_login')}?next={ends.replace('/', '%2F')}"
    assert f'name="next" value="{back}"' in page
    assert client.post(reverse("account_logout"), {"next": back}).url == back
