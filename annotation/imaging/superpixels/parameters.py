"""What an algorithm and its parameters are, and how values are checked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed

import numpy as np

IMPLEMENTATIONS = ("numba", "skimage")
MAX_HALO_PX = 512
Value = int | float | str


class ParameterError(ValueError):
    """A value that cannot be used; the message is a sentence for the person who chose it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that steers an algorithm. Forms, the editor's controls and the documentation are made from this.

    Attributes
    ----------
    kind : str
        "int", "float" or "choice".
    default : int, float or str
        Of a choice one of its values.
    minimum, maximum, step : float or None
        Range and step of a number; None for a choice.
    choices : tuple of (value, label)
        What a choice can be.
    scale : str
        How a slider is divided, "linear" or "log".
    off_below : float
        Where 0 means off: the smallest number other than 0.
    """

    name: str
    label: str
    kind: str
    default: Value
    minimum: float | None
    maximum: float | None
    step: float | None
    unit: str
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    scale: str = "linear"
    off_below: float | None = None

    def clean(self, value: object) -> Value:
        """Return `value`, a choice, a number or its text, as what the algorithm takes; raise ParameterError if it is
        not one of the choices or out of range.
        """
        if self.kind == "choice":
            known = [choice for choice, _ in self.choices]
            if value not in known:
                raise ParameterError(f"{self.label} must be one of {', '.join(known)}.")
            return str(value)
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not self._in_range(number):
            kind = "a whole number" if self.kind == "int" else "a number"
            raise ParameterError(f"{self.label} must be {kind} {self.range}.")
        return int(number) if self.kind == "int" else number

    def _in_range(self, number: float) -> bool:
        assert self.minimum is not None
        assert self.maximum is not None
        if self.off_below is not None and 0 < number < self.off_below:
            return False
        return self.minimum <= number <= self.maximum and (self.kind != "int" or number == int(number))

    @property
    def range(self) -> str:
        """The range of a number in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.off_below is not None:
            return f"from {self.off_below:,} to {self.maximum:,}{unit}, or 0 for none"
        return f"from {self.minimum:,} to {self.maximum:,}{unit}"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to make superpixels, in two implementations: "numba", our own, and "skimage", which it is measured against.

    Attributes
    ----------
    provenance : int
        The value of plane 1 of a label tile for pixels painted with this algorithm.
    run, reference_run : callable
        Our function and that of scikit-image: (image, **parameters) to a (rows, cols) int32 map.
    version : str
        Our implementation and its number; change it when results change.
    parameters : list of Parameter
    coarser : str
        What helps against too many segments; {size}: the pixels that each must have on average.
    halo : callable
        From values: pixels of surroundings that the map of a region depends on in practice, at most `MAX_HALO_PX`.
    period : callable
        From values: a window should begin at a multiple of this many pixels, so that neighbouring ones see the same
        grid; 1 where there is none.
    count : str, optional
        The parameter that says how many segments; those that have one have a `size` instead of it, too.
    """

    name: str
    label: str
    provenance: int
    run: Callable[..., np.ndarray]
    reference_run: Callable[..., np.ndarray]
    version: str
    parameters: list[Parameter]
    coarser: str
    reference: str
    halo: Callable[[Mapping[str, Value]], int]
    period: Callable[[Mapping[str, Value]], float]
    count: str | None = None

    def identity(self, implementation: str) -> str:
        """Return what computes with this implementation, "numba-2" or "skimage-0.26.0": part of every cache key."""
        check_implementation(implementation)
        return self.version if implementation == "numba" else f"skimage-{installed('scikit-image')}"

    def clean(self, values: Mapping[str, object]) -> dict[str, Value]:
        """Return all parameters, those of `values` checked, the others at their defaults."""
        unknown = values.keys() - {parameter.name for parameter in self.parameters}
        if unknown:
            known = ", ".join(parameter.name for parameter in self.parameters)
            raise ParameterError(f"{self.label} has no parameter {min(unknown)!r}; it has {known}.")
        return {p.name: p.clean(values.get(p.name, p.default)) for p in self.parameters}

    def as_json(self) -> dict:
        """What the editor needs to know."""
        return {
            "name": self.name,
            "label": self.label,
            "provenance": self.provenance,
            "reference": self.reference,
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "counts": {"count": self.count, "size": "size"} if self.count else None,
        }


def check_implementation(name: str) -> None:
    """Raise ParameterError, which lists them, if there is no implementation of this name."""
    if name not in IMPLEMENTATIONS:
        raise ParameterError(f"There is no implementation {name!r}; there are {', '.join(IMPLEMENTATIONS)}.")


def size_parameter() -> Parameter:
    return Parameter(
        "size",
        "Segment size",
        "float",
        0,
        0,
        512,
        1,
        "px",
        "Side of a square as large as a segment, instead of their number; 0 uses the number.",
        scale="log",
        off_below=4,
    )


def space_parameter(*choices: tuple[str, str]) -> Parameter:
    """Return the parameter for the colour space: what is particular to the algorithm, if anything, comes first."""
    known = {"lab": "CIELAB", "stains": "Stains (haematoxylin, eosin, DAB)"}
    spaces = (*choices, *known.items())
    text = "The colours that are compared; stains suit faint or uneven staining."
    return Parameter("space", "Colour space", "choice", spaces[0][0], None, None, None, "", text, choices=spaces)


def sigma_parameter(default: float = 0.0) -> Parameter:
    return Parameter("sigma", "Smoothing", "float", default, 0, 5, 0.1, "px", "Blurs the image first; 0 does not.")


def grid_halo(values: Mapping[str, Value], cells: int) -> int:
    """Return the halo of an algorithm whose segments depend on so many cells around, if the grid is shared.

    A grid of a count is made for each region anew, so there the surroundings would not help.
    """
    size = float(values["size"])
    return min(MAX_HALO_PX, math.ceil(cells * size + 4 * float(values["sigma"]))) if size else 0


def no_period(values: Mapping[str, Value]) -> float:
    return 1.0


def grid_edges(shape: tuple[int, ...], count: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where the cells of a grid begin and end, down and across, each int32 of one entry more than cells.

    With a `size` the cells are squares of this side from the first pixel on; what is left at the end is a cell of its
    own from half a cell on, else part of the one before. Without it there are about `count` nearly square cells.
    """
    if size:
        return _square_edges(shape[0], size), _square_edges(shape[1], size)
    down, across = grid(shape[0], shape[1], count)
    return _even_edges(shape[0], down), _even_edges(shape[1], across)


def _even_edges(length: int, cells: int) -> np.ndarray:
    return (np.arange(cells + 1) * length // cells).astype(np.int32)


def _square_edges(length: int, size: float) -> np.ndarray:
    cells = max(1, math.floor(length / size + 0.5))
    edges = np.floor(np.arange(cells + 1) * size + 0.5).astype(np.int32)
    edges[-1] = length
    return edges


def grid(rows: int, cols: int, count: float) -> tuple[int, int]:
    """Return rows and columns of a grid of `count` nearly square cells or a few more, each of at least one pixel."""
    side = math.sqrt(rows * cols / count)
    if rows > cols:
        return grid(cols, rows, count)[::-1]
    down = min(max(1, round(rows / side)), rows)
    return down, min(math.ceil(count / down - 1e-9), cols)
