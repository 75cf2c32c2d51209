"""The page that shows our superpixels beside scikit-image's."""

import base64
import logging

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit import VIEWED, record_daily
from accounts.requests import PersonRequest
from annotation import workers
from annotation.answers import UNREADABLE, WORKER_SENTENCES
from annotation.forms import CompareForm
from annotation.imaging.compare import Comparison, compare
from annotation.imaging.superpixels import ALGORITHMS, ParameterError
from annotation.imaging.workers import WorkerError
from annotation.map_regions import values_for_part
from annotation.reading import STORE_ERRORS
from annotation.superpixel_maps import setting
from projects.models import Image
from projects.permissions import Capability, get_image
from projects.pixels import pieces

NAMES = {"numba": "Ours", "skimage": "scikit-image’s"}
logger = logging.getLogger(__name__)


@require_safe
def superpixel_compare(request: PersonRequest, pk: int, algorithm: str) -> HttpResponse:
    """Compute a small region by both implementations; what is wrong is said in the form, and nothing is computed."""
    image = get_image(request.user, pk, Capability.SEE)
    if algorithm not in ALGORITHMS:
        raise Http404
    chosen, values = setting(algorithm, image.project.superpixel_defaults)
    form = CompareForm(chosen, values | request.GET.dict(), width=image.grid_width, height=image.grid_height)
    context = {"image": image, "algorithm": chosen, "algorithms": ALGORITHMS.values(), "form": form}
    if form.is_valid():
        record_daily(VIEWED, image, actor=request.user)  # the page shows the pixels themselves
        try:
            comparison = computed(image, form, owner=request.user.pk)
            context |= {"region": form.region(), "overlap": 100 * comparison.overlap, "results": shown(comparison)}
        except ParameterError as error:
            form.add_error(None, str(error))
        except WorkerError as error:
            context["trouble"] = WORKER_SENTENCES[type(error)]
        except (ValueError, *STORE_ERRORS):
            logger.exception("The pixels of image %s cannot be read.", image.pk)
            context["trouble"] = UNREADABLE
    return render(request, "annotation/superpixel_compare.html", context, status=503 if "trouble" in context else 200)


def computed(image: Image, form: CompareForm, owner: int) -> Comparison:
    region = form.region()
    values = values_for_part(form.algorithm, form.values(), region, image.grid_width, image.grid_height)
    arguments = pieces(image, region, owner=owner), region, form.algorithm.name, values
    return workers.run(compare, *arguments, seconds=settings.SUPERPIXEL_SECONDS, owner=owner)


def shown(comparison: Comparison) -> list[dict]:
    """What the page says about each result; the pictures go into it as data, since nobody will ask for them again."""
    return [
        {
            "name": NAMES[result.implementation],
            "segments": result.segments,
            "milliseconds": result.milliseconds,
            "variation": 100 * result.explained_variation,
            "picture": "data:image/png;base64," + base64.b64encode(result.picture).decode(),
        }
        for result in comparison.results
    ]
