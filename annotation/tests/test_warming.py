"""Maps made before anybody asks: by a task after upload, by a command for a whole project."""

import io

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation import superpixel_maps, workers
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels.maps import Piece
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerPool, WorkerTimeout
from annotation.tasks import Warmed, warm, warm_superpixels
from projects.ingest import place_images
from projects.models import Image
from projects.tests.factories import ImageFactory, ProjectFactory

TISSUE = tissue_phantom(60, 80, seed=1)[0]
WIDE = np.tile(TISSUE, (1, 30, 1))  # 60 × 2400: three regions


@pytest.fixture
def calls(monkeypatch):
    """Do the work in this process; the list tells of which regions maps were made, and with which values."""
    calls = []

    def run(function, pieces, window, region, algorithm, implementation, values, **how):
        calls.append((region, algorithm, values))
        return function(pieces, window, region, algorithm, implementation, values)

    def cut(image, window, **how):
        with storages["images"].open(image.pixels_name) as file:
            return [Piece(0, 0, file.read())]

    monkeypatch.setattr(workers, "run", run)
    monkeypatch.setattr(workers, "wait_until_ready", lambda: None)
    monkeypatch.setattr(superpixel_maps, "pieces", cut)
    return calls


def test_images_are_warmed_once_they_are_placed(project, calls, django_capture_on_commit_callbacks):
    for position in range(2):
        ImageFactory(project=project, position=position, pixels=TISSUE + np.uint8(position), status="uploaded")
    with django_capture_on_commit_callbacks(execute=True):
        place_images(project=project, by=project.creator)
    assert len(calls) == 2


def test_a_large_image_is_warmed_once_its_tiles_are_made(project, monkeypatch, django_capture_on_commit_callbacks):
    order = []
    monkeypatch.setattr("projects.tasks.store_tiles", lambda image: order.append("tiles"))
    monkeypatch.setattr("annotation.tasks.make", lambda wanted: order.append("maps"))
    monkeypatch.setattr(workers, "wait_until_ready", lambda: None)
    ImageFactory(project=project, pixels=WIDE, status="uploaded")
    with django_capture_on_commit_callbacks(execute=True):
        place_images(project=project, by=project.creator)
    assert order == ["tiles", "maps", "maps", "maps"]


def test_the_editors_request_finds_what_the_task_made(client, creator, project, calls):
    project.superpixel_defaults = {"algorithm": "watershed", "watershed": {"markers": 20}}
    project.save()
    image = ImageFactory(project=project, pixels=TISSUE)
    warm_superpixels.enqueue(image.pk)
    assert len(calls) == 1
    client.force_login(creator)
    query = {"x": 0, "y": 0, "width": 80, "height": 60, "markers": 20}
    for name in ("superpixels", "superpixel_tree"):
        assert client.get(reverse(name, args=[image.pk, "watershed"]), query).status_code == 200
    assert len(calls) == 1


def test_a_large_image_is_warmed_by_regions_of_one_grid(project, calls):
    image = ImageFactory(project=project, pixels=WIDE)
    warm_superpixels.enqueue(image.pk)
    assert [(region.x, region.width) for region, _, _ in calls] == [(0, 1024), (1024, 1024), (2048, 352)]
    assert {(values["n_segments"], values["size"]) for _, _, values in calls} == {(1000, 12.0)}


def test_what_is_kept_is_not_made_again(project, calls):
    image = ImageFactory(project=project, pixels=WIDE)
    slic = superpixel_maps.setting("slic", {})
    assert warm(image, *slic) == Warmed(made=3)
    lost = storages["cache"].listdir("superpixels")[1][0]
    storages["cache"].delete(f"superpixels/{lost}")
    assert warm(image, *slic) == Warmed(made=1, kept=2)


def test_a_region_that_fails_stops_no_other_and_is_logged(project, calls, monkeypatch, caplog):
    image = ImageFactory(project=project, pixels=WIDE)
    run = workers.run

    def stumble(function, pieces, window, region, *args, **how):
        if region.x == 1024:
            raise WorkerDied("inside")
        return run(function, pieces, window, region, *args, **how)

    monkeypatch.setattr(workers, "run", stumble)
    warm_superpixels.enqueue(image.pk)
    assert [region.x for region, _, _ in calls] == [0, 2048]
    assert f"No SLIC map of image {image.pk}, Region(x=1024" in caplog.text
    monkeypatch.setattr(workers, "run", run)
    warm_superpixels.enqueue(image.pk)
    assert [region.x for region, _, _ in calls] == [0, 2048, 1024]


def test_a_task_makes_one_map_and_gives_an_image_up_that_takes_too_long(project, calls, monkeypatch, caplog):
    image, left = ImageFactory(project=project, pixels=WIDE), []
    monkeypatch.setattr(type(warm_superpixels), "enqueue", lambda task, *args: left.append(args))
    warm_superpixels.func(image.pk)
    assert (len(calls), left) == (1, [(image.pk, 1)])

    def dawdle(*args, **how):
        raise WorkerTimeout("inside")

    monkeypatch.setattr(workers, "run", dawdle)
    warm_superpixels.func(image.pk, 1)
    assert left == [(image.pk, 1)], "nothing more is asked for"
    assert "Region(x=1024" in caplog.text


def poison(image: Image) -> None:
    storages["images"].delete(image.pixels_name)
    storages["images"].save(image.pixels_name, ContentFile(b"\x89PNG\r\n\x1a\npoison"))


def test_a_poisoned_image_is_logged(project, calls, caplog):
    image = ImageFactory(project=project, pixels=TISSUE)
    poison(image)
    warm_superpixels.func(image.pk)
    assert f"No SLIC map of image {image.pk}" in caplog.text


def command(*arguments) -> str:
    out = io.StringIO()
    call_command("warm_superpixels", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("by", ["number", "name"])
def test_the_command_tells_how_far_it_is(project, calls, by):
    for position in range(2):
        ImageFactory(project=project, position=position, name=f"f{position}.png", pixels=TISSUE + np.uint8(position))
    ImageFactory(project=project, position=9, status="uploaded")
    argument = str(project.pk) if by == "number" else "colon GLANDS"
    assert command(argument) == "1/2 f0.png: SLIC, 1 made, 0 kept already\n2/2 f1.png: SLIC, 1 made, 0 kept already\n"
    assert "0 made, 1 kept already" in command(argument)
    assert len(calls) == 2


def test_the_command_takes_other_algorithms_with_the_projects_values(project, calls):
    project.superpixel_defaults = {"algorithm": "slic", "slic": {"n_segments": 50}}
    project.save()
    ImageFactory(project=project, pixels=TISSUE)
    command(str(project.pk), "--algorithm", "watershed", "slic")
    used = [(algorithm, values.get("n_segments")) for _, algorithm, values in calls]
    assert used == [("watershed", None), ("slic", 50)]


def test_the_command_fails_when_a_map_failed_and_makes_the_others(project, calls):
    poison(ImageFactory(project=project, position=0, pixels=TISSUE))
    ImageFactory(project=project, position=1, pixels=TISSUE + np.uint8(1))
    with pytest.raises(CommandError, match="1 of the maps could not be made") as raised:
        command(str(project.pk))
    assert raised.value.returncode == 1
    assert len(storages["cache"].listdir("superpixels")[1]) == 2


@pytest.mark.parametrize("name", ["nothing", "999999999999999999999999", "-1", ""])
def test_the_command_refuses_what_is_no_project(project, name):
    with pytest.raises(CommandError, match="There is no project"):
        command(name)


def test_the_command_asks_for_a_number_where_a_name_is_ambiguous(project):
    other = ProjectFactory(name="Colon Glands")
    with pytest.raises(CommandError, match=f"the number of one: {project.pk}, {other.pk}"):
        command("colon glands")


def test_the_command_makes_no_map_before_a_worker_is_ready(project, calls, monkeypatch):
    ImageFactory(project=project, pixels=TISSUE)

    def wait_in_vain():
        raise WorkerBusy("The worker process is still starting.")

    monkeypatch.setattr(workers, "wait_until_ready", wait_in_vain)
    with pytest.raises(CommandError, match=r"No map could be made\. .*still starting"):
        command(str(project.pk))
    assert not calls


def test_work_that_waits_until_a_worker_is_ready_finds_it_warm(monkeypatch):
    pool = WorkerPool(1, 1_000_000_000, warm=("annotation.imaging.tests.test_workers:nap",))
    monkeypatch.setattr(workers, "_pool", lambda: pool)
    try:
        with pytest.raises(WorkerBusy, match="starting"):
            workers.run(len, "abc", seconds=0.1)
        workers.wait_until_ready()
        assert workers.run(len, "abc", seconds=1) == 3
    finally:
        pool.stop()
