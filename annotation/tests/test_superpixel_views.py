"""Superpixel maps and their trees over HTTP: who gets what, what is kept, what is wrong, and how calmly it is said."""

import gzip
import io
import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image as PillowImage

from annotation import superpixel_maps, superpixel_views, workers
from annotation.alone import Alone
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import ALGORITHMS, segment
from annotation.imaging.superpixels.maps import check_tree
from annotation.imaging.superpixels.quality import agreement
from annotation.imaging.turns import Places
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from projects.tests.factories import ImageFactory, MembershipFactory

TISSUE = tissue_phantom(150, 200, seed=1)[0]


@pytest.fixture
def image(project):
    return ImageFactory(project=project, pixels=TISSUE)


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process; the list tells how often, for whom and whether somebody waited for it."""
    calls = []

    def run(function, *args, seconds, owner, background):
        calls.append((owner, background))
        return function(*args)

    monkeypatch.setattr(workers, "run", run)
    return calls


@pytest.fixture
def member_client(client, image, annotator):
    MembershipFactory(project=image.project, user=annotator)
    client.force_login(annotator)
    return client


TWINS = ["superpixels", "superpixel_tree"]


def url(image, algorithm="slic", name="superpixels"):
    return reverse(name, args=[image.pk, algorithm])


def read(response) -> np.ndarray:
    with PillowImage.open(io.BytesIO(response.content)) as picture:
        return np.array(picture)


def is_same_division(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two maps have the same segments, whatever their numbers."""
    pairs = np.unique(one.astype(np.int64) * (int(other.max()) + 1) + other)
    return len(pairs) == len(np.unique(one)) == len(np.unique(other))


def stored_name(ending: str) -> str:
    [name] = [name for name in storages["cache"].listdir("superpixels")[1] if name.endswith(ending)]
    return f"superpixels/{name}"


def header(tree: bytes) -> dict:
    body = gzip.decompress(tree)
    return json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_member_gets_the_map_of_the_whole_image(member_client, image, calls, algorithm):
    response = member_client.get(url(image, algorithm))
    labels = segment(algorithm, TISSUE)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Segments"] == str(labels.max() + 1)
    assert is_same_division(read(response), labels)


def test_a_region_and_parameters_can_be_chosen(member_client, image, calls):
    query = {"x": 20, "y": 10, "width": 100, "height": 80, "n_segments": 30, "compactness": "8.5"}
    response = member_client.get(url(image), query)
    labels = segment("slic", TISSUE[10:90, 20:120], n_segments=30, compactness=8.5)
    assert is_same_division(read(response), labels)


def test_the_tree_of_a_map_comes_from_its_twin_address(member_client, image, calls):
    query = {"x": 20, "width": 100, "n_segments": 50}
    png, tree = (member_client.get(url(image, name=name), query) for name in TWINS)
    assert tree.status_code == 200
    assert tree["Content-Type"] == "application/octet-stream"
    assert tree["Content-Encoding"] == "gzip"
    assert tree["Cache-Control"] == "private, no-cache"
    assert tree["X-Segments"] == png["X-Segments"]
    assert tree["ETag"] != png["ETag"]
    assert header(tree.content)["segments"] == read(png).max() + 1


@pytest.mark.parametrize("first", TWINS)
def test_map_and_tree_come_of_one_calculation(member_client, image, calls, first):
    for name in (first, *TWINS):
        assert member_client.get(url(image, name=name)).status_code == 200
    assert len(calls) == 1


def test_a_region_is_made_with_the_pixels_around_it(member_client, image, calls):
    """Its map is that of the whole image there, once the grid is shared."""
    query = {"size": 10, "x": 100, "y": 50, "width": 50, "height": 60}
    part = read(member_client.get(url(image), query))
    whole = read(member_client.get(url(image), {"size": 10}))[50:110, 100:150]
    assert agreement(part, whole) > 0.95
    tree = member_client.get(url(image, name="superpixel_tree"), query).content
    assert header(tree)["beyond"] == ["left", "right", "top", "bottom"]


def test_scikit_images_implementation_can_be_asked_for(member_client, image, calls):
    ours, theirs = (member_client.get(url(image), {"implementation": name}) for name in ("numba", "skimage"))
    assert is_same_division(read(theirs), segment("slic", TISSUE, "skimage"))
    assert ours["ETag"] != theirs["ETag"]
    assert member_client.get(url(image))["ETag"] == ours["ETag"]


def test_the_work_is_done_for_the_person_who_asks(member_client, image, annotator, calls):
    member_client.get(url(image))
    assert calls == [(annotator.pk, False)]


@pytest.mark.parametrize("name", TWINS)
def test_what_nobody_waits_for_is_done_in_the_background_and_the_same(member_client, image, calls, name, annotator):
    early = member_client.get(url(image, name=name), {"background": "1"})
    assert calls == [(annotator.pk, True)]
    assert member_client.get(url(image, name=name)).content == early.content
    assert len(calls) == 1


def test_a_worker_does_the_work(member_client, image):
    response = member_client.get(url(image), {"n_segments": 50})
    assert response["X-Segments"] == "50"


def test_the_same_map_is_calculated_once(member_client, image, calls):
    first, second = (member_client.get(url(image), {"n_segments": 50}) for _ in range(2))
    assert len(calls) == 1
    assert first.content == second.content
    assert first["X-Segments"] == second["X-Segments"] == "50"
    assert first["ETag"] == second["ETag"]
    same = member_client.get(url(image), {"n_segments": "50", "compactness": 20, "x": 0, "width": 200})
    assert len(calls) == 1, "defaults written out are the same request"
    assert same["ETag"] == first["ETag"]


@pytest.mark.parametrize(
    "query", [{"n_segments": 51}, {"compactness": 21}, {"width": 199}, {"x": 1}, {"height": 149}, {"y": 1}]
)
def test_another_request_is_another_map(member_client, image, calls, query):
    base = member_client.get(url(image), {"n_segments": 50})
    other = member_client.get(url(image), {"n_segments": 50} | query)
    assert len(calls) == 2
    assert base["ETag"] != other["ETag"]


def test_equal_pixels_in_another_project_share_the_map(member_client, image, annotator, calls):
    twin = ImageFactory(pixels=TISSUE)
    MembershipFactory(project=twin.project, user=annotator)
    assert twin.pixels_sha256 == image.pixels_sha256
    member_client.get(url(image))
    assert member_client.get(url(twin)).status_code == 200
    assert len(calls) == 1


def test_a_new_version_of_an_algorithm_makes_new_maps(member_client, image, calls, monkeypatch):
    member_client.get(url(image))
    monkeypatch.setitem(ALGORITHMS, "slic", replace(ALGORITHMS["slic"], version="other"))
    member_client.get(url(image))
    assert len(calls) == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", "half", "bit", None])
@pytest.mark.parametrize(("ending", "name"), [(".png", "superpixels"), (".tree", "superpixel_tree")])
def test_what_is_missing_or_damaged_is_noticed_and_calculated_again(member_client, image, calls, ending, name, damage):
    good = member_client.get(url(image, name=name)).content
    kept = stored_name(ending)
    if damage is None:
        storages["cache"].delete(kept)
    else:
        bit = good[:99] + bytes([good[99] ^ 4]) + good[100:]
        storages["cache"].save(kept, ContentFile({"half": good[: len(good) // 2], "bit": bit}.get(damage, damage)))
    assert member_client.get(url(image, name=name)).content == good
    assert len(calls) == 2
    for each in TWINS:
        assert member_client.get(url(image, name=each)).status_code == 200
    assert len(calls) == 2, "what was repaired was kept"


def test_a_tree_is_not_sent_without_its_map_nor_beside_another(member_client, image, calls):
    good = member_client.get(url(image, name="superpixel_tree")).content
    storages["cache"].delete(stored_name(".png"))
    assert member_client.get(url(image, name="superpixel_tree")).content == good
    assert len(calls) == 2
    kept = stored_name(".tree")
    storages["cache"].delete(kept)
    other = member_client.get(url(image, name="superpixel_tree"), {"n_segments": 20}).content
    storages["cache"].save(kept, ContentFile(other))
    assert member_client.get(url(image, name="superpixel_tree")).content == good


def test_a_full_cache_costs_time_but_no_map(member_client, image, calls, monkeypatch):
    def full(name, content):
        raise OSError("no space left")

    monkeypatch.setattr(storages["cache"], "save", full)
    for name in TWINS:
        assert member_client.get(url(image, name=name)).status_code == 200


@pytest.mark.parametrize("name", TWINS)
def test_nothing_is_sent_again_to_who_has_it(member_client, image, annotator, calls, name):
    etag = member_client.get(url(image, name=name))["ETag"]
    response = member_client.get(url(image, name=name), headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response["Cache-Control"] == "private, no-cache"
    annotator.memberships.all().delete()
    assert member_client.get(url(image, name=name), headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize("name", TWINS)
def test_a_kept_map_costs_few_queries(member_client, image, calls, django_assert_max_num_queries, name):
    member_client.get(url(image, name=name))
    with django_assert_max_num_queries(5):  # session, user, rights, image with project, role
        assert member_client.get(url(image, name=name)).status_code == 200


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize(
    ("algorithm", "query", "sentence"),
    [
        ("magic", {}, "There is no algorithm 'magic'"),
        ("slic", {"n_segments": 5}, "Number of segments must be a whole number from 10 to 20,000."),
        ("slic", {"n_segments": ""}, "Number of segments must be a whole number from 10 to 20,000."),
        ("slic", {"compactness": "nan"}, "Compactness must be a number from 1 to 100."),
        ("slic", {"markers": 5}, "SLIC has no parameter 'markers'"),
        ("slic", {"x": -1}, "The region must lie within the image, which has 200 × 150 pixels."),
        ("slic", {"x": 200}, "The region must lie within the image"),
        ("slic", {"width": 201}, "The region must lie within the image"),
        ("slic", {"width": 0}, "The region must lie within the image"),
        ("slic", {"height": 1e3}, "must be whole numbers"),
        ("slic", {"y": "here"}, "must be whole numbers"),
        ("slic", {"y": "9" * 5000}, "must be whole numbers"),
        ("slic", {"space": "rainbow"}, "Colour space must be one of lab, stains."),
        ("slic", {"size": 2}, "Segment size must be a number from 4 to 512 px, or 0 for none."),
        ("slic", {"implementation": "magic"}, "There is no implementation 'magic'; there are numba, skimage."),
        ("slic", {"implementation": "magic", "background": 1}, "There is no implementation 'magic'"),
    ],
)
def test_wrong_requests_are_answered_with_a_sentence(member_client, image, calls, algorithm, query, sentence, name):
    response = member_client.get(url(image, algorithm, name), query)
    assert response.status_code == 400
    assert sentence in response.json()["error"]
    assert not calls, "nothing was calculated"


def test_a_large_image_is_divided_by_parts(member_client, project, calls):
    wide = ImageFactory(project=project, position=7, pixels=np.zeros((4, 2049, 3), np.uint8))
    response = member_client.get(url(wide))
    assert response.status_code == 400
    assert "at most 2,048 × 2,048" in response.json()["error"]
    assert member_client.get(url(wide), {"width": 2048}).status_code == 200


def test_too_many_segments_are_a_wrong_request(member_client, project, calls):
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    image = ImageFactory(project=project, position=8, pixels=noise)
    response = member_client.get(url(image, "felzenszwalb"), {"scale": 1, "sigma": 0, "min_size": 1})
    assert response.status_code == 400
    assert "minimum size of 2 px always works" in response.json()["error"]


@pytest.mark.parametrize(
    ("error", "sentence", "retry"),
    [
        (WorkerBusy, "busy", "2"),
        (WorkerDied, "broke off", None),
        (WorkerTimeout, "fewer or larger segments", None),
        (WorkerOutOfMemory, "smaller region", None),
        (OSError, "tell the administrator", None),
        (ValueError, "tell the administrator", None),
    ],
)
@pytest.mark.parametrize("name", TWINS)
def test_failures_of_the_worker_are_answered_calmly(member_client, image, monkeypatch, error, sentence, retry, name):
    def fail(function, *args, **how):
        raise error("inside")

    monkeypatch.setattr(workers, "run", fail)
    response = member_client.get(url(image, name=name))
    assert response.status_code == 503
    assert sentence in response.json()["error"]
    assert response.get("Retry-After") == retry
    assert not storages["cache"].exists("superpixels")


def test_pixels_that_are_gone_are_answered_calmly(member_client, image, calls):
    storages["images"].delete(image.pixels_name)
    assert member_client.get(url(image)).status_code == 503


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize(("person", "status"), [("outsider", 404), ("irb_staff", 404), ("pending", 403), (None, 302)])
def test_strangers_learn_nothing_and_cause_nothing(client, image, calls, person, status, name, request):
    if person:
        client.force_login(request.getfixturevalue(person))
    hidden, unknown = (
        client.get(address, headers={"Accept": "application/octet-stream"})
        for address in (url(image, name=name), reverse(name, args=[99_999, "slic"]))
    )
    assert hidden.status_code == unknown.status_code == status
    assert hidden.content == unknown.content
    if person:
        assert set(hidden.json()) == {"error"}
    assert not calls


@pytest.mark.parametrize("name", TWINS)
def test_only_reading_is_allowed(member_client, image, name):
    assert member_client.post(url(image, name=name)).status_code == 405


def test_a_poisoned_image_is_answered_with_a_sentence_and_kept_out_of_the_cache(member_client, image):
    storages["images"].delete(image.pixels_name)
    storages["images"].save(image.pixels_name, ContentFile(b"\x89PNG\r\n\x1a\npoison"))
    response = member_client.get(url(image))
    assert response.status_code == 503
    assert "tell the administrator" in response.json()["error"]
    assert not storages["cache"].exists("superpixels")


class Slow:
    """A worker that takes up work and finishes when it is told to."""

    def __init__(self, monkeypatch):
        self.calls, self.started, self.go_on = 0, threading.Event(), threading.Event()
        monkeypatch.setattr(workers, "run", self.run)

    def run(self, function, *args, **how):
        self.calls += 1
        self.started.set()
        assert self.go_on.wait(20)
        return function(*args)


def test_two_requests_for_one_map_calculate_it_once(image, monkeypatch):
    slow, results = Slow(monkeypatch), []
    wanted = superpixel_views.read_request(image, "slic", {"n_segments": "20"})

    def ask(twin):
        results.append(superpixel_maps.get_map(wanted, twin))

    threads = [threading.Thread(target=ask, args=[twin]) for twin in ("png", "tree", "png")]
    threads[0].start()
    assert slow.started.wait(10)
    for thread in threads[1:]:
        thread.start()
    slow.go_on.set()
    for thread in threads:
        thread.join(20)
    assert slow.calls == 1
    assert len(results) == 3
    assert len(set(results)) == 2
    check_tree(next(data for data, _ in results if not data.startswith(b"\x89PNG")), results[0][1])


def test_few_wait_for_anothers_map_and_the_rest_are_told_that_it_is_busy(image, monkeypatch):
    slow, refused = Slow(monkeypatch), []
    monkeypatch.setattr(superpixel_maps, "alone", Alone(Places(1, 1)))
    wanted = superpixel_views.read_request(image, "slic", {"n_segments": "20"})

    def ask():
        try:
            superpixel_maps.get_map(wanted, "png")
        except WorkerBusy as busy:
            refused.append(busy)
            slow.go_on.set()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    threads[0].start()
    assert slow.started.wait(10)
    with pytest.raises(WorkerBusy):
        superpixel_maps.get_map(wanted, "png", background=True)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    assert slow.calls == 1
