"""How an upload becomes an image: received, read in a worker process, stored clean, placed in the order, shown."""

import hashlib
import re
import unicodedata
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse

from accounts.audit import record
from accounts.models import User
from annotation import workers
from annotation.assignment import assign_images
from annotation.imaging.archive import name_key
from annotation.imaging.pyramid import TILE, max_level
from annotation.imaging.sources import Refused, Upload, read_upload
from annotation.imaging.workers import WorkerBusy, WorkerDied, WorkerError, WorkerOutOfMemory, WorkerTimeout
from annotation.tasks import warm_superpixels
from projects.models import Image, Project
from projects.tasks import is_tiled, make_tiles, thumbnail_name

NAME_KEY_LENGTH = 400  # of the column; a name of 255 characters may fold to more
NAME_TAKEN = "This project has an image of this name already. Rename the file, or leave it out if it is the same."
ARCHIVED = "This project is archived, so no images can be added to it."
WORKER_ANSWERS: dict[type[WorkerError], tuple[int, str]] = {
    WorkerBusy: (503, "Too many images are being read at the moment. Try this one again in a minute."),
    WorkerTimeout: (422, "Reading this image took too long. Save it as a plain PNG or JPEG and upload that."),
    WorkerOutOfMemory: (
        422,
        "Reading this image needs too much memory. Upload a smaller region or a lower resolution.",
    ),
    WorkerDied: (422, "This image could not be read. Save it as a plain PNG or JPEG and upload that."),
}
INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # control characters, turns of writing direction and the like


class IngestError(Exception):
    """The upload was not taken: a sentence for the person, and the HTTP status that goes with it."""

    def __init__(self, sentence: str, status: int):
        super().__init__(sentence)
        self.status = status


def ingest_image(
    *, project: Project, file: File, position: int, name: str, case: str, um_per_px: float | None, by: User
) -> Image:
    """Take one uploaded file into a project, not yet placed in the order. Raises `IngestError` and keeps nothing."""
    name = clean_name(name or file.name or "")
    if project.archived_at:
        raise IngestError(ARCHIVED, 409)
    if file.size > settings.IMAGE_MAX_BYTES:
        limit = settings.IMAGE_MAX_BYTES / 1e6
        raise IngestError(f"The file has more than {limit:g} MB. Upload a smaller region or a compressed copy.", 413)
    if earlier := project.images.filter(name_key=name_key(name)).first():
        return _sent_again(earlier, file, position=position, case=case, um_per_px=um_per_px)
    with TemporaryDirectory(prefix="labeler-") as folder:
        received, clean = Path(folder, "received"), Path(folder, "image.png")
        image = Image(project=project, position=position, name=name, case=case, um_per_px=um_per_px, uploaded_by=by)
        image.upload_sha256 = _receive(file, received)
        _describe(image, upload := _read(received, clean, by))
        with clean.open("rb") as pixels:
            storages["images"].save(image.pixels_name, File(pixels))
    storages["cache"].save(thumbnail_name(image), ContentFile(upload.thumbnail))
    _keep(image, by)
    return image


@transaction.atomic
def place_images(*, project: Project, by: User) -> int:
    """Put all images that wait for it behind those that are placed, and give them to the members; return how many."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if project.archived_at:
        raise IngestError(ARCHIVED, 409)
    last = project.images.placed().aggregate(last=Max("position"))["last"]
    images = list(project.images.filter(status=Image.Status.UPLOADED).order_by("position", "id"))
    for position, image in enumerate(images, 0 if last is None else last + 1):
        image.position = position
        tiled = is_tiled(image)
        image.status = Image.Status.PREPARING if tiled else Image.Status.READY
        prepare = make_tiles if tiled else warm_superpixels
        transaction.on_commit(partial(prepare.enqueue, image.pk))
    Image.objects.bulk_update(images, ["position", "status"])
    if images:
        assign_images(project)
        record("images placed", project, actor=by, new=str(len(images)))
    return len(images)


def clean_name(raw: str) -> str:
    """The name under which people see an image: no folders, nothing invisible, NFC. It never names a stored file."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", raw)[-1])
    name = "".join(character for character in name if unicodedata.category(character) not in INVISIBLE).strip()
    stem, dot, ending = name.rpartition(".")
    if len(name) > 255:
        name = stem[: 255 - len(dot + ending)] + dot + ending if len(ending) < 10 else name[:255]
    if len(name_key(name)) > NAME_KEY_LENGTH:
        raise IngestError("The file name is too long. Rename the file and upload it again.", 400)
    return name if name.strip(".") else "image"


def view_source(image: Image) -> dict:
    """Where the editor gets the pixels: `image.source` of its configuration."""
    if not is_tiled(image):
        return {"type": "image", "url": reverse("image_pixels", args=[image.pk])}
    address = reverse("image_tile", args=[image.pk, 0, 0, 0])
    return {
        "type": "dzi",
        "width": image.width,
        "height": image.height,
        "tileSize": TILE,
        "overlap": 0,
        "maxLevel": max_level(image.width, image.height),
        "urlTemplate": address.removesuffix("0/0_0.jpg") + "{level}/{column}_{row}.jpg",
    }


def _sent_again(image: Image, file: File, **facts) -> Image:
    """Take a file whose answer was lost on the way for what it is: the image that is there and not placed yet."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    same = Image.objects.filter(pk=image.pk, status=Image.Status.UPLOADED, upload_sha256=digest.hexdigest())
    if same.update(**facts) != 1:
        raise IngestError(NAME_TAKEN, 409)
    return image


def _receive(file: File, path: Path) -> str:
    """Write the bytes received under a name of ours and return their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as received:
        for chunk in file.chunks():
            digest.update(chunk)
            received.write(chunk)
    return digest.hexdigest()


def _read(received: Path, clean: Path, by: User) -> Upload:
    arguments = str(received), str(clean), settings.IMAGE_MAX_PIXELS
    try:
        return workers.run(read_upload, *arguments, seconds=settings.INGEST_SECONDS, owner=by.pk)
    except Refused as error:
        raise IngestError(str(error), 400) from error
    except WorkerError as error:
        status, sentence = WORKER_ANSWERS[type(error)]
        raise IngestError(sentence, status) from error


def _describe(image: Image, upload: Upload) -> None:
    image.width = image.grid_width = upload.width
    image.height = image.grid_height = upload.height
    image.pixels_sha256 = upload.pixels_sha256
    image.exif_orientation = upload.exif_orientation
    image.ingest_report = upload.report


def _keep(image: Image, by: User) -> None:
    """Write the row, the pixels being stored already: a row never points at nothing."""
    try:
        with transaction.atomic():
            image.save()
            record("image uploaded", image, actor=by)
    except IntegrityError:  # the same name came by another request meanwhile
        storages["images"].delete(image.pixels_name)
        raise IngestError(NAME_TAKEN, 409) from None
