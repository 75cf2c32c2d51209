"""What each of the cast of `world` is answered at every address."""

import pytest

from annotation import workers
from labeler.tests.routes import ROUTES
from labeler.tests.world import MATRIX, Answer, Visitor, make_world

KEPT: dict[str, dict[tuple[str, str], Answer]] = {}


@pytest.fixture
def world(db, monkeypatch):
    monkeypatch.setattr(workers, "run", lambda function, *args, **how: function(*args))
    return make_world()


@pytest.fixture
def answers(request, db, part):
    """{row of the matrix: answer} for `part` of the cast; asked once, however many tests look at it."""
    if part not in KEPT:
        visitor = Visitor(request.getfixturevalue("world"), part)
        responses = {row: visitor.ask(ROUTES[row[0]], row[1], Origin="https://evil.example") for row in MATRIX}
        KEPT[part] = {
            row: Answer(response.status_code, dict(response.headers), response.body, response.written)
            for row, response in responses.items()
        }
    return KEPT[part]
