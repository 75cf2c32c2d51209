"""Forms around labelling: setting an image aside, returning work, asking for labels, masks and superpixels."""

from django import forms

from annotation.imaging.superpixels import Algorithm, Parameter, ParameterError
from annotation.imaging.superpixels.maps import Region as PixelRegion
from annotation.models import LABELS, PROVENANCE, Annotation
from annotation.reading import Region

LARGEST = 2**31 - 1


class CannotLabelForm(forms.Form):
    """Why an image cannot be labelled."""

    reason = forms.ChoiceField(
        choices=Annotation.CannotReason.choices,
        error_messages={
            "required": "Choose why the image cannot be labelled.",
            "invalid_choice": "Choose one of the reasons in the list.",
        },
    )
    comment = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self):
        super().clean()
        data = self.cleaned_data
        if data.get("reason") == Annotation.CannotReason.OTHER and not data.get("comment"):
            self.add_error("comment", "Say in a few words why the image cannot be labelled.")
        return data


class ReturnForm(forms.Form):
    """What the member is asked to change."""

    comment = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a few words what should be changed."},
    )


class RegionForm(forms.Form):
    """A region of the label grid, in tiles; by default everything."""

    column = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)
    row = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)
    columns = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
    rows = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)

    def region(self) -> Region:
        data = self.cleaned_data
        return Region(data["column"] or 0, data["row"] or 0, data["columns"] or LARGEST, data["rows"] or LARGEST)


class LoadForm(RegionForm):
    """What of an annotation is loaded: by default all of its head."""

    revision = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)


class DifferenceForm(RegionForm):
    """What of two revisions is compared: by default all of the labels."""

    plane = forms.IntegerField(min_value=LABELS, max_value=PROVENANCE, required=False)


class PageForm(forms.Form):
    """Which revisions are listed: by default the newest."""

    before = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)


class ExportForm(forms.Form):
    """Which masks are asked for beside those of submitted and accepted annotations."""

    returned = forms.BooleanField(required=False, label="Also returned annotations, as they were submitted last")
    checkpoints = forms.BooleanField(required=False, label="Also the last checkpoint of unfinished annotations")


class FitForm(forms.Form):
    """A label tile of what was painted, and where its corner lies in the image."""

    tile = forms.FileField()
    x = forms.IntegerField(min_value=0, max_value=LARGEST)
    y = forms.IntegerField(min_value=0, max_value=LARGEST)


class ParameterField(forms.Field):
    """A parameter of an algorithm; what is left empty has its default."""

    def __init__(self, parameter: Parameter):
        self.parameter = parameter
        super().__init__(
            required=False,
            label=f"{parameter.label} ({parameter.unit})" if parameter.unit else parameter.label,
            initial=parameter.default,
            help_text=parameter.help,
            widget=self._widget(parameter),
        )

    @staticmethod
    def _widget(parameter: Parameter) -> forms.Widget:
        if parameter.kind == "choice":
            return forms.Select(choices=parameter.choices)
        # A step other than these would have the browser refuse numbers that the algorithm takes.
        step = "1" if parameter.kind == "int" else "any"
        return forms.NumberInput({"min": parameter.minimum, "max": parameter.maximum, "step": step})

    def prepare_value(self, value):
        return f"{value:.12g}" if isinstance(value, float) else value

    def clean(self, value):
        if value in self.empty_values:
            return self.parameter.default
        try:
            return self.parameter.clean(value)
        except ParameterError as error:
            raise forms.ValidationError(str(error)) from error


class SuperpixelForm(forms.Form):
    """The parameters of an algorithm, made from the registry."""

    def __init__(self, algorithm: Algorithm, data=None, **kwargs):
        super().__init__(data, **kwargs)
        self.algorithm = algorithm
        for parameter in algorithm.parameters:
            self.fields[parameter.name] = ParameterField(parameter)

    def values(self) -> dict:
        """The parameters of a valid form."""
        return {parameter.name: self.cleaned_data[parameter.name] for parameter in self.algorithm.parameters}


class CompareForm(SuperpixelForm):
    """The parameters of an algorithm and a small region of an image, by default in its middle."""

    SIDE_PX = 512  # at most; scikit-image's functions take their time

    x = forms.IntegerField(required=False, label="Left (px)")
    y = forms.IntegerField(required=False, label="Top (px)")
    width = forms.IntegerField(required=False, min_value=1, max_value=SIDE_PX, label="Width (px)")
    height = forms.IntegerField(required=False, min_value=1, max_value=SIDE_PX, label="Height (px)")

    def __init__(self, algorithm: Algorithm, data, *, width: int, height: int, **kwargs):
        super().__init__(algorithm, data, **kwargs)
        self.image_size = width, height
        self.order_fields([parameter.name for parameter in algorithm.parameters])

    def clean(self):
        super().clean()
        if not any(name in self.errors for name in ("x", "y", "width", "height")):
            x, width = self._side("x", "width", self.image_size[0])
            y, height = self._side("y", "height", self.image_size[1])
            self.cleaned_data |= {"x": x, "y": y, "width": width, "height": height}
        return self.cleaned_data

    def _side(self, start_name: str, length_name: str, whole: int) -> tuple[int, int]:
        start, length = self.cleaned_data[start_name], self.cleaned_data[length_name]
        if length is None:
            length = min(self.SIDE_PX, whole - (start or 0))
        if start is None:
            start = max(0, (whole - length) // 2)
        if not 0 <= start < start + length <= whole:
            width, height = self.image_size
            self.add_error(start_name, f"The region must lie within the image, which has {width} × {height} pixels.")
        return start, length

    def parameter_fields(self) -> list[forms.BoundField]:
        return [self[parameter.name] for parameter in self.algorithm.parameters]

    def region_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("x", "y", "width", "height")]

    def region(self) -> PixelRegion:
        """The region of a valid form."""
        return PixelRegion(*(self.cleaned_data[name] for name in ("x", "y", "width", "height")))
