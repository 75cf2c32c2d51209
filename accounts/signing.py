"""Signing in, failing to, and signing out, as the audit trail keeps it."""

from allauth.account.signals import user_logged_in
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver

from accounts.audit import record
from accounts.models import User


@receiver(user_logged_in)
def signed_in(request, user, **_):
    """The session is there by now: without the event it goes."""
    try:
        with transaction.atomic():
            record("signed in", user, actor=user)
    except BaseException:
        request.session.flush()
        raise


@receiver(user_login_failed)
def sign_in_failed(credentials, **_):
    """Names the account that was tried. What matches none is not kept: people type passwords into the wrong field."""
    names = [text.lower() for key in ("username", "email", "login") if isinstance(text := credentials.get(key), str)]
    tried = User.objects.filter(Q(username__in=names) | Q(email__in=names)).order_by("pk").first()
    record("sign-in failed", tried or User, actor=AnonymousUser())


@receiver(user_logged_out)
@transaction.atomic
def signed_out(user, **_):
    if user is not None:
        record("signed out", user, actor=user)
