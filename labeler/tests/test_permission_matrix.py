"""The permission matrix: permission_matrix.txt, which people have reviewed, against what the product answers.

The walk over URLconf and administration fails for an address, a page or an action that has no row.
"""

import pytest
from django.contrib import admin

from labeler.tests.routes import ROUTES
from labeler.tests.world import CAST, MATRIX, SECRET, STRANGERS, Visitor

everybody = pytest.mark.parametrize("part", CAST)


def rows_of_the_administration() -> set[tuple[str, str]]:
    """What every model of the administration has: its pages, read and posted to, and its actions."""
    wanted = set()
    for model, model_admin in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        actions = [f"action={name}" for _, name, _ in model_admin._get_base_actions()]
        wanted |= {(f"{base}_changelist", how) for how in ("GET", "POST", *actions)} | {(f"{base}_history", "GET")}
        wanted |= {(f"{base}_{page}", how) for page in ("add", "change", "delete") for how in ("GET", "POST")}
    return wanted


def test_attack_15_the_matrix_has_every_address_page_and_action():
    assert {name for name, _ in MATRIX} == set(ROUTES)
    assert rows_of_the_administration() - set(MATRIX) == set()


@everybody
def test_attack_15_everybody_gets_what_the_matrix_says(answers, part):
    found = {row: answer.status for row, answer in answers.items()}
    assert found == {row: cells[part] for row, cells in MATRIX.items()}


@everybody
def test_attack_16_what_is_hidden_looks_like_what_does_not_exist(answers, world, part):
    visitor = Visitor(world, part)
    for (name, method), hidden in answers.items():
        if hidden.status == 404:
            unknown = visitor.ask(ROUTES[name], method, unknown=True)
            assert (hidden.status, hidden.body) == (unknown.status_code, unknown.body), (name, method)
            assert set(hidden.headers) == set(unknown.headers), (name, method)


@everybody
def test_attack_18_refusals_and_whatever_strangers_get_hold_nothing_of_the_object(answers, part):
    refused = [row for row, answer in answers.items() if part in STRANGERS or answer.status in (403, 404)]
    told = [row for row in refused if SECRET.lower() in f"{answers[row].text} {answers[row].headers}".lower()]
    assert told == []


@everybody
def test_attack_17_what_is_refused_changes_nothing(answers, part):
    refused = {row: answer for row, answer in answers.items() if answer.status in (403, 404)}
    assert {row: answer.written for row, answer in refused.items() if answer.written} == {}


def test_a_deactivated_person_is_nobody():
    assert [row for row, cells in MATRIX.items() if cells["deactivated"] != cells["anonymous"]] == []


def test_attack_33_irb_staff_open_no_image_no_labels_and_no_masks():
    of_studies = ("projects/", "images/", "annotations/", "admin/projects/", "admin/annotation/", "export/")
    rows = [row for row in MATRIX if ROUTES[row[0]].template.startswith(tuple(f"/{start}" for start in of_studies))]
    assert len(rows) > 60
    assert {row for row in rows if MATRIX[row]["irb"] not in (302, 403, 404)} == set()
