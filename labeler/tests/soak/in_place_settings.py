"""The settings of an installation that keeps labels in a store that writes in place."""

from labeler.settings import *  # noqa: F403
from labeler.settings import STORAGES

STORAGES["labels"]["BACKEND"] = "labeler.tests.soak.in_place.InPlaceStorage"
