"""Does SLIC deliver as many segments as it was asked for?"""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotation.benchmarks.parts.pictures import Picture
from annotation.imaging.superpixels import segment

COMPACTNESS = 20
LEAST_SEGMENT_PX = 16  # on a smaller image so many segments are nothing that anybody would ask for


@dataclass(frozen=True, slots=True)
class Delivery:
    picture: str
    asked: int
    delivered: int

    @property
    def ratio(self) -> float:
        return self.delivered / self.asked

    @property
    def off_by(self) -> float:
        """How many times too many or too few: 1 is as asked."""
        return max(self.ratio, 1 / self.ratio)


def deliveries(pictures: Iterable[Picture], counts: Iterable[int]) -> Iterator[Delivery]:
    for picture in pictures:
        for asked in counts:
            if picture.pixels >= LEAST_SEGMENT_PX * asked:
                labels = segment("slic", picture.image, n_segments=asked, compactness=COMPACTNESS)
                yield Delivery(picture.name, asked, int(labels.max()) + 1)


def delivered_over_asked(pictures: Iterable[Picture], counts: Iterable[int]) -> Iterator[tuple[str, float, str]]:
    """Yield name, figure and how it is formed, for the mean and the worst."""
    found = list(deliveries(pictures, counts))
    images = len({delivery.picture for delivery in found})
    asked = ", ".join(str(count) for count in counts)
    went_in = f"SLIC, compactness {COMPACTNESS}, {asked} segments asked of {images} images where one has ≥ "
    went_in += f"{LEAST_SEGMENT_PX} px: {len(found)} maps"
    worst = max(found, key=lambda delivery: delivery.off_by)
    mean = statistics.mean(delivery.ratio for delivery in found)
    yield "segments_delivered_over_asked_mean", mean, f"mean over {went_in}"
    yield (
        "segments_delivered_over_asked_worst",
        worst.ratio,
        f"{worst.delivered} of {worst.asked} on {worst.picture}; furthest from 1 of {went_in}",
    )
