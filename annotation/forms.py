"""Forms around labelling: setting an image aside, returning work, asking for a region of labels, asking for masks."""

from django import forms

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


class CompareForm(RegionForm):
    """What of two revisions is compared: by default all of the labels."""

    plane = forms.IntegerField(min_value=LABELS, max_value=PROVENANCE, required=False)


class PageForm(forms.Form):
    """Which revisions are listed: by default the newest."""

    before = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)


class ExportForm(forms.Form):
    """Which masks are asked for beside those of submitted and accepted annotations."""

    returned = forms.BooleanField(required=False, label="Also returned annotations, as they were submitted last")
    checkpoints = forms.BooleanField(required=False, label="Also the last checkpoint of unfinished annotations")
