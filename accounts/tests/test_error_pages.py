import pytest
from django.db import connection
from django.template.loader import get_template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.views.defaults import bad_request, server_error

from projects.views import forbidden


@pytest.mark.parametrize(
    ("view", "status", "words"),
    [
        (lambda request: bad_request(request, Exception()), 400, "was not understood"),
        (lambda request: forbidden(request, Exception("secret")), 403, "You may not do this"),
        (server_error, 500, "Something went wrong"),
    ],
)
@pytest.mark.django_db
def test_errors_have_a_calm_page_that_asks_the_database_nothing(rf, view, status, words):
    with CaptureQueriesContext(connection) as queries:
        response = view(rf.get("/"))
    assert response.status_code == status
    html = response.content.decode()
    assert words in html
    assert "secret" not in html
    assert "entrance-picture" in html
    assert len(queries) == 0


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_the_page_of_a_server_error_stands_alone(name):
    source = get_template(name).template.source
    assert "extends" not in source
    assert "include" not in source
    assert "{{" not in source


@pytest.mark.django_db
def test_a_missing_page_and_an_aged_form_are_explained(client):
    response = client.get("/nowhere/at/all")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x", "password": "y"})
    assert response.status_code == 403
    assert "grown too old" in response.content.decode()


@pytest.mark.django_db
def test_too_many_attempts_are_stopped_with_a_sentence(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    answers = [client.post(reverse("account_login"), {"login": "x", "password": "y"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "Too many attempts" in answers[1].content.decode()
