"""What a person fills in: the request itself, and sign-up, which is the request and a few words about oneself."""

from typing import cast

from django import forms
from django.conf import settings

from accounts.data_use import data_use_text
from accounts.models import Registration, User

Purpose = Registration.Purpose


def model_field(model, name, **kwargs):
    return model._meta.get_field(name).formfield(**kwargs)


class RequestForm(forms.Form):
    """What for, why, and under which protocol."""

    purpose = forms.ChoiceField(
        label="What do you want to do?",
        choices=[(one, one.label) for one in Purpose if one != Purpose.ADMINISTER],
        initial=Purpose.ANNOTATE,
        widget=forms.RadioSelect,
    )
    reason = model_field(
        Registration,
        "reason",
        label="Reason",
        help_text="The study, your part in it, and who asked you to join. IRB staff read this.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    protocol_number = model_field(Registration, "protocol_number", label="IRB protocol number, if there is one")


class MoreRightsForm(RequestForm):
    """An approved person asks for what is left."""

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        left = {
            Purpose.CREATE: user.may_label and not user.may_create_projects,
            Purpose.IRB: not user.is_irb_staff,
            Purpose.ADMINISTER: True,
        }
        choices = [(one.value, one.label) for one, is_left in left.items() if is_left]
        cast(forms.ChoiceField, self.fields["purpose"]).choices = choices
        self.initial["purpose"] = choices[0][0]


class AcceptForm(forms.Form):
    """The data-use text is accepted."""

    data_use = forms.BooleanField(
        label="I have read this and agree to it", error_messages={"required": "Please read the text and agree to it."}
    )


class SignupForm(RequestForm, AcceptForm):
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
        "data_use",
    )

    @property
    def data_use_text(self):
        return data_use_text()

    def clean(self):
        super().clean()
        domains, email = settings.SIGNUP_EMAIL_DOMAINS, self.cleaned_data.get("email")
        if domains and email and email.rpartition("@")[2].lower() not in domains:
            self.add_error("email", f"Please use an e-mail address of {' or '.join(domains)}.")
        return self.cleaned_data

    def signup(self, request, user):
        """allauth asks for this method; by now the person and the request are saved."""
