"""The one page a person sees until approved, which is also where an annotator asks for more rights."""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import MoreRightsForm, RequestForm
from accounts.models import Registration
from accounts.services import submit_registration


@require_http_methods(["GET", "HEAD", "POST"])
def registration(request):
    """Show where the person's request stands; take a new one when none is waiting and something is left to ask."""
    user = request.user
    if user.is_approved and (user.may_create_projects or not user.may_label):
        return redirect("home")
    latest = user.registrations.first()
    if latest and latest.status == Registration.Status.PENDING:
        return render(request, "accounts/registration_waiting.html", {"registration": latest})
    earlier = {name: getattr(latest, name) for name in RequestForm.base_fields} if latest else {}
    form = (MoreRightsForm if user.is_approved else RequestForm)(request.POST or None, initial=earlier)
    if request.method == "POST" and form.is_valid():
        submit_registration(user=user, **form.cleaned_data)
        return redirect("registration")
    return render(request, "accounts/registration_form.html", {"form": form, "latest": latest})


@require_safe
def signed_in(request, pk):
    """End a log-in beside an editor of person `pk`: the page tells the editor, or says that somebody else logged in."""
    back = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    told = {"person": request.user.pk, "expected": pk}
    return render(request, "accounts/signed_in.html", {"told": told, "back": back})


def email(request):
    """allauth's page to change the e-mail. IRB staff approved a person by theirs: administrators change it."""
    raise Http404
