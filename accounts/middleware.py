"""The gate: a person who is not approved sees the waiting page and nothing else, one who has not accepted the present
data-use text sees that. And what anybody sees stays theirs: `PrivateMiddleware`."""

from urllib.parse import urlencode

from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.data_use import OWED, owes_acceptance
from accounts.models import day_in_words

OPEN_TO_PENDING = {"registration", "account_logout", "account_confirm_email", "confirmation_send"}
OPEN_TO_OWING = {"data_use", "account_logout"}


class ApprovalRequiredMiddleware:
    """Closed by default: lets through anonymous visitors (LoginRequiredMiddleware has the word on them) and approved
    people; everybody else reaches only the views of OPEN_TO_PENDING, not even those that are public."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        user, name = request.user, request.resolver_match.view_name
        if not user.is_authenticated:
            return None
        if request.session.get(OWED) and owes_acceptance(user):
            return None if name in OPEN_TO_OWING else ask_to_accept(request)
        if user.is_approved or name in OPEN_TO_PENDING:
            return None
        return redirect("registration") if request.accepts("text/html") else no_access(user)


def ask_to_accept(request):
    """Lead to the data-use text. An editor is told 401, which is to log in again beside it, and keeps its work."""
    if request.accepts("text/html"):
        query = {} if request.method not in ("GET", "HEAD") else {"next": request.get_full_path()}
        return redirect(f"{reverse('data_use')}?{urlencode(query)}")
    return JsonResponse({"error": "The data-use text was changed. Log in again to accept it."}, status=401)


def no_access(user):
    sentence = "Your registration has not been approved yet. IRB staff will write to you."
    if user.rights.access_ended:
        day = day_in_words(user.rights.access_ended)
        sentence = f"Your access to Labeler ended on {day}. Nothing is deleted; ask IRB staff to renew it."
    return JsonResponse({"error": sentence}, status=403)


class PrivateMiddleware:
    """No cache keeps an answer, and the browser's *back* after a log-out shows none, unless a view says otherwise."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
