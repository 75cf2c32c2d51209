"""The gate: a person who is not approved sees the waiting page and nothing else."""

from django.http import JsonResponse
from django.shortcuts import redirect

OPEN_TO_PENDING = {"registration", "account_logout"}


class ApprovalRequiredMiddleware:
    """Closed by default: lets through anonymous visitors (LoginRequiredMiddleware has the word on them) and approved
    people; everybody else reaches only the views of OPEN_TO_PENDING, not even those that are public."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs):
        user = request.user
        if not user.is_authenticated or user.is_approved:
            return None
        if request.resolver_match.view_name in OPEN_TO_PENDING:
            return None
        if request.accepts("text/html"):
            return redirect("registration")
        return JsonResponse(
            {"error": "Your registration has not been approved yet. IRB staff will write to you."}, status=403
        )
