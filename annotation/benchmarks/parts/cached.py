"""A map that is in the cache already, asked for through Django with every check."""

import math
from collections.abc import Iterator
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.benchmarks import interleaved
from annotation.benchmarks.parts import pictures, seed, throwaway

MOST_QUERIES = 5
REQUESTS = 20  # a turn, since one takes only milliseconds


def cached_request_vs_seed(side: int) -> Iterator[tuple[str, float, str]]:
    """Yield no figure (NaN) where more queries are made than may be."""
    ask = asking(throwaway.workplace(side))
    ask()  # computed
    with CaptureQueriesContext(connection) as queries:
        ask()
    count = len(queries)  # before further requests empty the log
    seconds = interleaved(
        seed=partial(seed.answer, pictures.stored_phantom(side), seed.slic),
        ours=lambda: [ask() for _ in range(REQUESTS)],
    )
    ours = seconds["ours"] / REQUESTS
    yield (
        "cached_request_vs_seed",
        seconds["seed"] / ours if count <= MOST_QUERIES else math.nan,
        f"CPU time of the seed's whole answer ({1000 * seconds['seed']:.0f} ms), which it computed every time, over "
        f"that of Django's for a map in the cache ({1000 * ours:.2f} ms): middleware, session, permission, check of "
        f"the file; {count} queries (at most {MOST_QUERIES}); {side}² SLIC, 200 segments",
    )


def asking(place: throwaway.Workplace):
    """Return a function that gets the map as a browser of the member would."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(place.member)
    address = reverse("superpixels", args=[place.image.pk, "slic"])

    def ask() -> None:
        response = client.get(address, {"n_segments": 200})
        if response.status_code != 200:
            raise RuntimeError(f"The map was answered with {response.status_code}: {response.content!r}")

    return ask
