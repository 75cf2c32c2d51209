import io
import threading

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image as PillowImage

from annotation import superpixel_views, workers
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import ALGORITHMS, segment
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerOutOfMemory, WorkerTimeout
from projects.tests.factories import ImageFactory, MembershipFactory

TISSUE = tissue_phantom(150, 200, seed=1)[0]


@pytest.fixture
def image(project):
    return ImageFactory(project=project, pixels=TISSUE)


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process; the list tells how often."""
    calls = []

    def run(function, *args, seconds):
        calls.append(seconds)
        return function(*args)

    monkeypatch.setattr(workers, "run", run)
    return calls


@pytest.fixture
def member_client(client, image, annotator):
    MembershipFactory(project=image.project, user=annotator)
    client.force_login(annotator)
    return client


def url(image, algorithm="slic"):
    return reverse("superpixels", args=[image.pk, algorithm])


def read(response) -> np.ndarray:
    with PillowImage.open(io.BytesIO(response.content)) as picture:
        return np.array(picture)


def stored_name() -> str:
    [name] = storages["cache"].listdir("superpixels")[1]
    return f"superpixels/{name}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_member_gets_the_map_of_the_whole_image(member_client, image, calls, algorithm):
    response = member_client.get(url(image, algorithm))
    labels = segment(algorithm, TISSUE)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Segments"] == str(labels.max() + 1)
    assert np.array_equal(read(response), labels)


def test_a_region_and_parameters_can_be_chosen(member_client, image, calls):
    query = {"x": 20, "y": 10, "width": 100, "height": 80, "n_segments": 30, "compactness": "8.5"}
    response = member_client.get(url(image), query)
    assert np.array_equal(read(response), segment("slic", TISSUE[10:90, 20:120], n_segments=30, compactness=8.5))


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
    from dataclasses import replace

    member_client.get(url(image))
    monkeypatch.setitem(ALGORITHMS, "slic", replace(ALGORITHMS["slic"], version="other"))
    member_client.get(url(image))
    assert len(calls) == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", "half", "bit"])
def test_a_damaged_map_is_noticed_and_calculated_again(member_client, image, calls, damage):
    good = member_client.get(url(image)).content
    spoilt = {"half": good[: len(good) // 2], "bit": good[:99] + bytes([good[99] ^ 4]) + good[100:]}.get(damage, damage)
    storages["cache"].save(stored_name(), ContentFile(spoilt))
    assert member_client.get(url(image)).content == good
    assert len(calls) == 2
    assert member_client.get(url(image)).content == good
    assert len(calls) == 2, "the repaired map was kept"


def test_a_full_cache_costs_time_but_no_map(member_client, image, calls, monkeypatch):
    def full(name, content):
        raise OSError("no space left")

    monkeypatch.setattr(storages["cache"], "save", full)
    assert member_client.get(url(image)).status_code == 200


def test_nothing_is_sent_again_to_who_has_it(member_client, image, annotator, calls):
    etag = member_client.get(url(image))["ETag"]
    response = member_client.get(url(image), headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response["Cache-Control"] == "private, no-cache"
    annotator.memberships.all().delete()
    assert member_client.get(url(image), headers={"If-None-Match": etag}).status_code == 404


def test_a_kept_map_costs_few_queries(member_client, image, calls, django_assert_max_num_queries):
    member_client.get(url(image))
    with django_assert_max_num_queries(5):  # session, user, rights, image with project, membership
        assert member_client.get(url(image)).status_code == 200


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
    ],
)
def test_wrong_requests_are_answered_with_a_sentence(member_client, image, calls, algorithm, query, sentence):
    response = member_client.get(url(image, algorithm), query)
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
        (WorkerDied, "try again", "2"),
        (WorkerTimeout, "fewer or larger segments", None),
        (WorkerOutOfMemory, "smaller region", None),
        (OSError, "tell the administrator", None),
    ],
)
def test_failures_of_the_worker_are_answered_calmly(member_client, image, monkeypatch, error, sentence, retry):
    def fail(function, *args, seconds):
        raise error("inside")

    monkeypatch.setattr(workers, "run", fail)
    response = member_client.get(url(image))
    assert response.status_code == 503
    assert sentence in response.json()["error"]
    assert response.get("Retry-After") == retry
    assert not storages["cache"].exists("superpixels")


def test_pixels_that_are_gone_are_answered_calmly(member_client, image, calls):
    storages["images"].delete(image.pixels_name)
    assert member_client.get(url(image)).status_code == 503


@pytest.mark.parametrize("person", ["outsider", "pending", "irb_staff"])
def test_strangers_learn_nothing(client, image, calls, person, request):
    client.force_login(request.getfixturevalue(person))
    assert client.get(url(image)).status_code in (302, 403, 404)
    assert not calls


def test_a_stranger_cannot_tell_the_image_from_none(client, image, outsider):
    client.force_login(outsider)
    assert client.get(url(image)).status_code == client.get(reverse("superpixels", args=[99_999, "slic"])).status_code
    assert client.get(url(image)).status_code == 404


def test_only_reading_is_allowed(member_client, image):
    assert member_client.post(url(image)).status_code == 405


def test_two_requests_for_one_map_calculate_it_once(image, monkeypatch):
    calls, started, go_on = [], threading.Event(), threading.Event()

    def slow(function, *args, seconds):
        calls.append(1)
        started.set()
        go_on.wait(10)
        return function(*args)

    monkeypatch.setattr(workers, "run", slow)
    wanted = superpixel_views.read_request(image, "slic", {"n_segments": "20"})
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(superpixel_views.superpixel_map(wanted))) for _ in range(3)
    ]
    threads[0].start()
    assert started.wait(10)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(calls) == 1
    assert len(set(results)) == 1
    assert len(results) == 3
