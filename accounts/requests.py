"""The request as views get it."""

from django.http import HttpRequest

from accounts.models import User


class PersonRequest(HttpRequest):
    """A request that passed LoginRequiredMiddleware: somebody is logged in. For annotations only; never made."""

    user: User
