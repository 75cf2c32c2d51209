"""What a person fills in: the request itself, and sign-up, which is the request and a few words about oneself."""

from django import forms

from accounts.models import Registration, User


def model_field(model, name, **kwargs):
    return model._meta.get_field(name).formfield(**kwargs)


class RequestForm(forms.Form):
    """What for, why, and under which protocol."""

    purpose = model_field(Registration, "purpose", label="What do you want to do?", widget=forms.RadioSelect)
    reason = model_field(
        Registration,
        "reason",
        label="Reason",
        help_text="The study, your part in it, and who asked you to join. IRB staff read this.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    protocol_number = model_field(Registration, "protocol_number", label="IRB protocol number, if there is one")


class MoreRightsForm(RequestForm):
    """An annotator asks for the one right that is left."""

    purpose = None

    def clean(self):
        super().clean()
        return self.cleaned_data | {"purpose": Registration.Purpose.CREATE}


class SignupForm(RequestForm):
    """The base of allauth's sign-up form, which adds username, e-mail and password; `AccountAdapter` saves it all."""

    full_name = model_field(User, "full_name", label="Full name")
    affiliation = model_field(User, "affiliation", label="Affiliation", required=True)

    field_order = (
        "full_name",
        "affiliation",
        "username",
        "email",
        "password1",
        "password2",
        "purpose",
        "reason",
        "protocol_number",
    )

    def signup(self, request, user):
        """allauth asks for this method; by now the person and the request are saved."""
