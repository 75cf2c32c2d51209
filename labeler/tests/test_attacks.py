"""Attacks tried at every address there is. Their numbers are those of the project's list of attacks."""

import ast
import logging
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.storage import storages
from django.db import connection
from django.urls import reverse

from accounts.models import User
from accounts.origin import RequestIdFilter
from accounts.tests.factories import PASSWORD
from labeler.tests.routes import ROUTES
from labeler.tests.world import CAST, MATRIX, MEMBERS, Visitor

OURS = ("accounts", "annotation", "labeler", "projects")
everybody = pytest.mark.parametrize("part", CAST)


def opened(part: str, how: str = "GET") -> list[str]:
    """The addresses that show something to `part` of the cast."""
    return [name for (name, method), cells in MATRIX.items() if method == how and cells[part] == 200]


def is_page(answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")


def sources(*endings: str) -> list[Path]:
    """Our own files that are installed, without tests and benchmarks."""
    root = Path(settings.BASE_DIR)
    files = [path for folder in (*OURS, "templates") for path in (root / folder).rglob("*") if path.suffix in endings]
    return [path for path in files if not {"tests", "benchmarks"} & set(path.parts)]


FORGED = (
    {"ordering": "creator__password", "order_by": "creator__password", "sort": "-user__password"},
    {"filter": "updated_by__password__startswith=qforgedq", "_connector": "OR 1=1 -- qforgedq", "_negated": "1"},
    {"creator__password__startswith": "qforgedq"},
    {"user__password__startswith": "qforgedq"},
    {"password__startswith": "qforgedq"},
    {"project__creator__email__regex": "qforgedq"},
)


# --- What anybody is answered ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["annotator", "reviewer", "creator", "administrator"])
def test_attack_10_no_answer_and_no_log_holds_the_key_of_the_session(world, caplog, part):
    caplog.set_level(logging.INFO)
    visitor = Visitor(world, part)
    key = visitor.cookies[settings.SESSION_COOKIE_NAME]
    for name in opened(part):
        response = visitor.ask(ROUTES[name])
        assert key not in response.body.decode(errors="replace") + str(response.headers), name
    assert key not in caplog.text


def test_attack_14_a_fresh_installation_has_no_account(db):
    assert not User.objects.exists()


@pytest.mark.parametrize("part", ["creator", "annotator", "irb", "administrator"])
def test_attack_22_names_of_columns_in_an_address_reach_no_query(world, part):
    """Our pages pay no attention to them or refuse them; the lists of the administration refuse them."""
    visitor = Visitor(world, part)
    queries = []

    def note(execute, sql, params, *args):
        queries.append(f"{sql} {params}")
        return execute(sql, params, *args)

    with connection.execute_wrapper(note):
        for name in opened(part):
            for forged in FORGED:
                assert visitor.ask(ROUTES[name], query=f"?{urlencode(forged)}").status_code in (200, 302, 400), name
    assert len(queries) > 100
    assert [query for query in queries if "qforgedq" in query] == []
    assert [
        query for query in queries if re.search(r'"password"[^,]{0,9} (~|LIKE|REGEXP)|ORDER BY [^()]*"password"', query)
    ] == []


@pytest.mark.parametrize("part", ["outsider", "administrator"])
def test_attack_23_a_method_that_is_not_meant_is_refused_or_only_reads(world, part):
    visitor = Visitor(world, part)
    for name, route in ROUTES.items():
        decisions = {405} | {cells[part] for (row, _), cells in MATRIX.items() if row == name}
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
            if (name, method) not in MATRIX:
                response = visitor.ask(route, method)
                assert response.status_code in (decisions if method != "OPTIONS" else decisions | {200}), (name, method)
                assert method == "HEAD" or response.written == (), (name, method)
        for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            response = visitor.ask(route, "GET", **{header: "DELETE"})
            assert response.status_code in decisions, (name, header)


@pytest.mark.parametrize("part", ["annotator", "fellow", "reviewer"])
def test_attack_24_members_see_names_of_each_other_and_no_addresses(answers, world, part):
    others = [person.email for name, person in world.people.items() if person and name != part]
    shown = {
        (row, email)
        for row, answer in answers.items()
        if answer.status == 200
        for email in others
        if email in answer.text
    }
    assert shown == set()


@everybody
def test_attack_34_texts_of_people_are_shown_as_text(answers, part):
    pages = {row: answer.text for row, answer in answers.items() if is_page(answer)}
    raw = ("<script>alert", "<img src=x", "TEMPLATED")
    assert [row for row, page in pages.items() if any(mark in page for mark in raw)] == []
    if part in MEMBERS:
        assert sum("&lt;script&gt;" in page for page in pages.values()) >= 4


@everybody
def test_attack_54_every_answer_tells_the_browser_to_be_strict(answers, part):
    expected = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    for row, answer in answers.items():
        assert expected.items() <= answer.headers.items(), row
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, row
        assert "default-src 'none'" in policy, row
        assert "unsafe" not in policy, row
        assert "Content-Type" in answer.headers or not answer.body, row


@everybody
def test_attack_55_no_cache_that_is_shared_keeps_an_answer(answers, part):
    for row, answer in answers.items():
        control = {word.strip() for word in answer.headers["Cache-Control"].split(",")}
        assert "private" in control, row
        assert "no-store" in control or ("no-cache" in control and "ETag" in answer.headers), row


@everybody
def test_attack_59_no_other_site_may_read_an_answer(answers, part):
    allowing = [
        row for row, answer in answers.items() if any("access-control" in name.lower() for name in answer.headers)
    ]
    assert allowing == []


@pytest.mark.parametrize("part", ["creator", "administrator"])
def test_attack_59_no_answer_calls_a_function_of_the_page_that_asks(world, part):
    visitor = Visitor(world, part)
    for name in opened(part):
        assert (
            b"evilcallback"
            not in visitor.ask(ROUTES[name], query="?callback=evilcallback&jsonp=evilcallback").body[:40]
        )


# --- What only the own pages may ask for -----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["anonymous", "annotator", "creator", "administrator"])
def test_attack_58_nothing_is_done_without_a_token_of_ours(world, part):
    visitor = Visitor(world, part, enforce_csrf_checks=True)
    for name, method in MATRIX:
        if method != "GET":
            response = visitor.ask(ROUTES[name], method)
            assert response.status_code in ((302, 403) if part == "anonymous" else (403,)), (name, method)
            assert response.written == (), (name, method)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_attack_58_nothing_is_done_for_a_page_of_another_site(world, origin):
    visitor = Visitor(world, "creator", enforce_csrf_checks=True)
    visitor.client.get(reverse("project_new"))
    token = visitor.client.cookies["csrftoken"].value
    visitor.cookies["csrftoken"] = token
    route = ROUTES["superpixel_default"]
    assert visitor.ask(route, "POST", **{"X-CSRFToken": token}).status_code == 400  # ours comes as far as the form
    assert visitor.ask(route, "POST", **{"X-CSRFToken": token, "Origin": origin}).status_code == 403


def test_attack_58_a_body_that_is_called_text_needs_the_token_too(world):
    visitor = Visitor(world, "creator", enforce_csrf_checks=True)
    for name in ("project_new", "superpixel_default", "revisions"):
        path = ROUTES[name].path(lambda parameter, route=ROUTES[name]: visitor.value(route, parameter, False))
        assert visitor.client.post(path, '{"name": "x"}', content_type="text/plain").status_code == 403, name


# --- What does not exist ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["anonymous", "annotator", "creator", "administrator"])
def test_attack_51_no_address_leads_to_what_is_stored(world, part):
    client = Visitor(world, part).client
    stored = world.objects["image"].pixels_name
    assert storages["images"].exists(stored)
    for path in (f"/media/{stored}", f"/images/{stored}", f"/var/images/{stored}", f"/{stored}", "/media/", "/var/"):
        assert client.get(path).status_code == 404, path


def test_attack_51_a_store_has_no_address(db):
    assert settings.MEDIA_ROOT == ""
    for alias in ("default", "images", "labels", "cache"):
        with pytest.raises((ValueError, NotImplementedError)):
            storages[alias].url("x")


@pytest.mark.parametrize("part", ["anonymous", "annotator"])
def test_attack_65_nothing_describes_the_product_to_strangers(world, part):
    client = Visitor(world, part).client
    for path in (
        "/api/",
        "/api/schema/",
        "/api/docs",
        "/openapi.json",
        "/swagger/",
        "/health/",
        "/metrics",
        "/__debug__/",
    ):
        assert client.get(path).status_code == 404, path


# --- What the client says of itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "testserver@evil.example"}, {"Host": "a b"}])
def test_attack_60_a_host_that_is_not_ours_is_refused_and_no_mail_names_it(client, annotator, headers):
    response = client.post(reverse("account_reset_password"), {"email": annotator.email}, headers=headers)
    assert response.status_code == 400
    assert mail.outbox == []


def test_attack_60_headers_of_proxies_that_nobody_trusts_change_nothing(client, annotator, rf):
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"}
    client.post(reverse("account_reset_password"), {"email": annotator.email}, headers=forged)
    assert "http://testserver/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body
    assert not rf.get("/", headers=forged).is_secure()


def test_attack_60_a_name_in_a_header_logs_nobody_in(client, administrator):
    names = {"Remote-User": "root", "X-Remote-User": "root", "X-Forwarded-User": "root"}
    response = client.get(reverse("home"), headers=names, REMOTE_USER="root")
    assert response.url.startswith(reverse("account_login"))


def test_attack_64_what_a_client_sends_cannot_begin_a_line_of_the_log(client, annotator, caplog):
    forged = "\r\n2026-11-25 ERROR forged\x1b[31m"
    client.get("/nowhere/%0d%0aforged%1b[31m", headers={"User-Agent": forged})
    client.post(reverse("account_login"), {"login": f"anna{forged}", "password": PASSWORD + forged})
    client.post("/annotations/%0d%0aforged/revisions/")
    form = logging.Formatter(settings.LOGGING["formatters"]["plain"]["format"], style="{")
    lines = [form.format(record) for record in caplog.records if RequestIdFilter().filter(record)]
    assert lines
    assert [line for line in lines if re.search(r"[\r\n\x1b]", line)] == []
    assert PASSWORD not in caplog.text


# --- What our sources do not do --------------------------------------------------------------------------------------


def test_attack_50_nothing_of_ours_reads_objects_that_run_code():
    forbidden = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
    for path in sources(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            assert not {name.split(".")[0] for name in names} & forbidden, path
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert called not in ("eval", "exec", "np.load", "numpy.load"), path
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_attack_56_no_text_escapes_the_escaping():
    marks = re.compile(r"mark_safe|SafeString\(|\|\s*safe\b|autoescape off|\|\s*safeseq|html_safe")
    assert [str(path) for path in sources(".py", ".html") if marks.search(path.read_text())] == []


def test_attack_57_our_scripts_never_make_markup_of_text():
    marks = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML"
    )
    scripts = [path for path in (Path(settings.BASE_DIR) / "static/js").rglob("*.js") if "tests" not in path.parts]
    assert len(scripts) > 20
    assert [str(path) for path in scripts if marks.search(path.read_text())] == []


def test_attack_56_what_scripts_are_told_cannot_end_their_element(answers_of_editor):
    told = re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', answers_of_editor, re.DOTALL)
    assert told
    assert any("\\u003Cscript\\u003E" in one for one in told)


@pytest.fixture
def answers_of_editor(world) -> str:
    return Visitor(world, "annotator").ask(ROUTES["editor"]).body.decode()
