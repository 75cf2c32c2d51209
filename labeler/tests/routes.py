"""Every address that the URLconf has, walked rather than listed, so that a new one cannot be forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver
from django.urls.converters import IntConverter
from django.utils.regex_helper import normalize

SAMPLES = {"uidb36": "1", "key": "x", "app_label": "accounts", "url": "x"}


@dataclass(frozen=True)
class Route:
    """One pattern: its name, or its address where it has none, and a template of its address."""

    name: str
    template: str
    numbers: frozenset[str]
    parameters: tuple[str, ...]

    def path(self, value: Callable[[str], object | None] = lambda parameter: None) -> str:
        """The address with `value(parameter)` for what varies; where that is None, with 1 or x."""
        return self.template % {name: self.sample(name, value(name)) for name in self.parameters}

    def sample(self, parameter: str, value: object | None) -> object:
        default = SAMPLES.get(parameter, "1" if parameter in self.numbers else "x")
        return default if value is None else value


def routes(resolver=None, prefix="/", namespaces=(), numbers=frozenset(), parameters=()) -> Iterator[Route]:
    for pattern in (resolver or get_resolver()).url_patterns:
        form, names = normalize(pattern.pattern.regex.pattern)[0]
        converters = pattern.pattern.converters
        found = numbers | {name for name, converter in converters.items() if isinstance(converter, IntConverter)}
        template, every = prefix + form, (*parameters, *names)
        if isinstance(pattern, URLPattern):
            name = ":".join([*namespaces, pattern.name]) if pattern.name else template % dict.fromkeys(every, "…")
            yield Route(name, template, found, every)
        else:
            within = (*namespaces, *filter(None, [pattern.namespace]))
            yield from routes(pattern, template, within, found, every)


ROUTES = {route.name: route for route in routes()}
