"""What an algorithm and its parameters are, and how values are checked."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np


class ParameterError(ValueError):
    """A value that cannot be used; the message is a sentence for the person who chose it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that steers an algorithm. Forms, the editor's controls and the documentation are made from this."""

    name: str
    label: str
    kind: str  # "int" or "float"
    default: float
    minimum: float
    maximum: float
    step: float
    unit: str
    help: str

    def clean(self, value: object) -> int | float:
        """Return `value`, a number or its text, as a number within the range; raise ParameterError otherwise."""
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        whole = self.kind == "int"
        if not self.minimum <= number <= self.maximum or (whole and number != int(number)):
            kind = "a whole number" if whole else "a number"
            raise ParameterError(f"{self.label} must be {kind} from {self.minimum:,} to {self.maximum:,}{self._unit}.")
        return int(number) if whole else number

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to make superpixels: `run(image, **parameters)` returns a (rows, cols) int32 map."""

    name: str
    label: str
    version: str  # implementation and its number: part of every cache key, so change it when results change
    run: Callable[..., np.ndarray]
    parameters: list[Parameter]
    coarser: str  # what helps against too many segments; {size}: the pixels that each must have on average
    reference: str

    def clean(self, values: dict[str, object]) -> dict[str, int | float]:
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
            "reference": self.reference,
            "parameters": [asdict(parameter) for parameter in self.parameters],
        }


def grid(rows: int, cols: int, count: float) -> tuple[int, int]:
    """Return rows and columns of a grid of about `count` nearly square cells, each of at least one pixel."""
    side = math.sqrt(rows * cols / count)
    if rows > cols:
        return grid(cols, rows, count)[::-1]
    down = min(max(1, round(rows / side)), rows)
    return down, min(max(1, round(count / down)), cols)
