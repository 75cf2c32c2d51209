"""Where allauth's sign-up and mail meet our own rules."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, resolve_url

from accounts.audit import record
from accounts.data_use import OWED, accept_data_use, owes_acceptance
from accounts.models import User
from accounts.origin import client_ip
from accounts.services import submit_registration

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def clean_username(self, username, shallow=False):
        """Members are added by username or e-mail, so nobody may take another's address as a username."""
        if "@" in username:
            raise ValidationError("Please choose a username without “@”. You can log in with your e-mail as well.")
        return super().clean_username(User.normalize_username(username).lower(), shallow)

    def save_user(self, request, user, form, commit=True):
        """Save the person and the registration together, or neither."""
        answers = form.cleaned_data
        user.full_name = answers["full_name"]
        user.affiliation = answers["affiliation"]
        try:
            with transaction.atomic():
                super().save_user(request, user, form, commit)
                accept_data_use(user)
                submit_registration(
                    user=user,
                    purpose=answers["purpose"],
                    reason=answers["reason"],
                    protocol_number=answers["protocol_number"],
                )
        except IntegrityError as error:
            # Somebody took the name between the form's look and our writing.
            self.add_message(request, messages.ERROR, message="This username or e-mail has just been taken.")
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        return user

    @transaction.atomic
    def set_password(self, user, password):
        """Changed, or set by the link of an e-mail; not the first one, of the sign-up."""
        super().set_password(user, password)
        record("password changed", user, actor=user)

    def get_client_ip(self, request):
        return client_ip(request) or super().get_client_ip(request)

    def login(self, request, user):
        """Who has not accepted the present data-use text is asked at the log-in, not in the middle of work."""
        super().login(request, user)
        if owes_acceptance(user):
            request.session[OWED] = True

    def send_mail(self, template_prefix, email, context):
        """A mail server that is down must not tell, by an error page, which addresses have accounts."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:
            logger.exception("The mail %s could not be sent.", template_prefix)

    def get_password_change_redirect_url(self, request):
        return resolve_url("home")
