"""What a creator may send about a project: its texts, its categories, the facts about its images.

The pages send JSON. `Submission` reads it and gives either clean data or one sentence for each field that is wrong.
"""

import json
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest, RawPostDataException

from accounts.models import Protocol, User
from annotation.imaging.archive import name_key
from annotation.imaging.superpixels import Algorithm, ParameterError, get_algorithm
from annotation.imaging.superpixels import Value as Setting
from projects.models import Project

MAX_CATEGORIES = 254
NAME_TAKEN = "You have a project of this name already. Choose another name."


class ProjectForm(forms.Form):
    """The texts of a project."""

    name = forms.CharField(
        max_length=120,
        error_messages={
            "required": "Give the project a name.",
            "max_length": "A name can have at most %(limit_value)d characters.",
        },
    )
    description = forms.CharField(
        max_length=2000,
        required=False,
        error_messages={"max_length": "A description can have at most %(limit_value)d characters."},
    )
    instructions = forms.CharField(
        max_length=20_000,
        required=False,
        error_messages={"max_length": "Instructions can have at most %(limit_value)d characters."},
    )
    protocol = forms.ModelChoiceField(
        Protocol.objects.none(),
        required=False,
        error_messages={
            "required": "Choose the IRB protocol that this project belongs to.",
            "invalid_choice": "Choose a protocol that holds and that you are approved for.",
        },
    )

    def __init__(self, data: dict, *, creator: User, protocols: QuerySet[Protocol], project: Project | None = None):
        super().__init__(data if "protocol" in data or not project else data | {"protocol": project.protocol_id})
        self.others = Project.objects.filter(creator=creator)
        if project:
            self.others = self.others.exclude(pk=project.pk)
        field = cast(forms.ModelChoiceField, self.fields["protocol"])
        field.queryset = protocols_to_choose(protocols, project)
        field.required = settings.REQUIRE_PROTOCOL

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        # Asked of the database, since it alone knows what its own constraint counts as the same.
        if self.others.alias(same=Lower("name")).filter(same=Lower(Value(name))).exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name


def protocols_to_choose(protocols: QuerySet[Protocol], project: Project | None = None) -> QuerySet[Protocol]:
    """Those that a person may choose, and the one that the project is under already."""
    if project is None or project.protocol_id is None:
        return protocols
    return Protocol.objects.filter(Q(pk__in=protocols.values("pk")) | Q(pk=project.protocol_id))


class RulesForm(forms.Form):
    """What must be clean before a ground truth is accepted."""

    label_every_pixel = forms.BooleanField(required=False)
    smallest_region = forms.FloatField(
        min_value=1e-6,
        max_value=1e9,
        required=False,
        error_messages={
            "invalid": "Write the area as a number, such as 50.",
            "min_value": "The area must be above 0. Leave it empty if holes and specks may stay.",
            "max_value": "The area must be at most %(limit_value)d.",
        },
    )
    smallest_region_unit = forms.ChoiceField(
        choices=Project.AreaUnit,
        error_messages={"required": "Choose px or µm².", "invalid_choice": "Choose px or µm²."},
    )


class CategoryForm(forms.Form):
    """One category; one that exists already names its value."""

    value = forms.IntegerField(min_value=1, max_value=254, required=False)
    name = forms.CharField(
        max_length=80,
        error_messages={
            "required": "Give this category a name.",
            "max_length": "A name can have at most %(limit_value)d characters.",
        },
    )
    color = forms.CharField(
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Choose a colour such as #009E73.")],
        error_messages={"required": "Choose a colour."},
    )
    retired = forms.BooleanField(required=False)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class ImageForm(forms.Form):
    """What a creator may tell about an image before the first label."""

    id = forms.IntegerField(min_value=1)
    case = forms.CharField(
        max_length=80,
        required=False,
        error_messages={"max_length": "A case can have at most %(limit_value)d characters."},
    )
    um_per_px = forms.FloatField(
        min_value=1e-6,
        max_value=10_000,
        required=False,
        error_messages={
            "invalid": "Write µm/px as a number, such as 0.25.",
            "min_value": "µm/px must be above 0.",
            "max_value": "µm/px must be below %(limit_value)d.",
        },
    )


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Read a JSON object; raise ValueError with a sentence if it is none, or holds what cannot be stored."""
    try:
        data = json.loads(request.body)
        json.dumps(data, ensure_ascii=False).encode()  # lone surrogates cannot be stored
    except (ValueError, RecursionError, RawPostDataException):  # the last: it came as a form
        data = None
    if not isinstance(data, dict):
        raise ValueError("What arrived could not be read. Reload the page and try again.")
    return data


def read_superpixels(request: HttpRequest) -> tuple[Algorithm, dict[str, Setting]]:
    """Read an algorithm and its parameters, all of them; raise ValueError with a sentence about what is wrong."""
    data = read_object(request)
    name, parameters = data.get("algorithm"), data.get("parameters", {})
    if not isinstance(name, str) or not isinstance(parameters, dict):
        raise ParameterError("Name an `algorithm` and an object of its `parameters`.")
    algorithm = get_algorithm(name)
    return algorithm, algorithm.clean(parameters)


class Submission:
    """A project as its page sent it: `errors` maps a field (`categories.2` for a row) to a sentence."""

    def __init__(
        self, request: HttpRequest, *, creator: User, protocols: QuerySet[Protocol], project: Project | None = None
    ):
        self.errors: dict[str, str] = {}
        self.fingerprint = ""
        try:
            data = read_object(request)
        except ValueError as error:
            self.errors["form"] = str(error)
            return
        form = ProjectForm(data, creator=creator, protocols=protocols, project=project)
        self._note(form)
        self.texts: dict[str, Any] = form.cleaned_data
        self.rules = self._rules(data["rules"]) if "rules" in data else {}
        self.categories = self._rows(CategoryForm, data.get("categories"), "categories")
        self._check_categories()
        self.images = self._rows(ImageForm, data.get("images", []), "images")
        self.fingerprint = str(data.get("fingerprint", ""))

    def _rules(self, sent: Any) -> dict[str, Any]:
        if not isinstance(sent, dict):
            self.errors["form"] = "This part could not be read. Reload the page and try again."
            return {}
        form = RulesForm(sent)
        self._note(form)
        return form.cleaned_data

    def _note(self, form: forms.Form, prefix: str = "") -> None:
        for field, messages in form.errors.items():
            self.errors.setdefault(prefix or field, str(messages[0]))

    def _rows(self, form_class: type[forms.Form], rows: Any, name: str) -> list[dict]:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.errors[name] = "This part could not be read. Reload the page and try again."
            return []
        if form_class is CategoryForm and len(rows) > MAX_CATEGORIES:
            self.errors[name] = f"A project can have at most {MAX_CATEGORIES} categories."
            return []
        forms_of_rows = [form_class(row) for row in rows]
        for index, form in enumerate(forms_of_rows):
            self._note(form, f"{name}.{index}")
        return [form.cleaned_data for form in forms_of_rows]

    def _check_categories(self) -> None:
        if "categories" in self.errors:
            return
        if not any(not row["retired"] for row in self.categories):
            self.errors["categories"] = "Keep at least one category to label with."
        seen: set[str] = set()
        for index, row in enumerate(self.categories):
            key = name_key(row.get("name", ""))
            if key and key in seen:
                self.errors.setdefault(f"categories.{index}", "Another category has this name already.")
            seen.add(key)
