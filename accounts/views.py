"""The one page a person sees until approved, which is also where an annotator asks for more rights."""

from functools import partial
from urllib.parse import urlencode

from allauth.account.internal.flows.email_verification import send_verification_email_for_user
from allauth.account.utils import get_next_redirect_url
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.data_use import accept_data_use, data_use_text, owes_acceptance
from accounts.forms import AcceptForm, MoreRightsForm, RequestForm
from accounts.models import Registration
from accounts.services import is_confirmed, submit_registration


@require_http_methods(["GET", "HEAD", "POST"])
def registration(request):
    """Show where the person's request stands; take a new one, or an answer, when none is waiting."""
    user = request.user
    if user.is_superuser:
        return redirect("home")
    latest = user.registrations.first()
    if latest and latest.status == Registration.Status.PENDING:
        context = {"registration": latest, "confirmed": is_confirmed(user)}
        return render(request, "accounts/registration_waiting.html", context)
    to_mend = latest and latest.status != Registration.Status.APPROVED
    earlier = {name: getattr(latest, name) for name in RequestForm.base_fields} if to_mend else {}
    make_form = partial(MoreRightsForm, user=user) if user.is_approved else RequestForm
    form = make_form(request.POST or None, initial=earlier)
    if request.method == "POST" and form.is_valid():
        submit_registration(user=user, **form.cleaned_data)
        return redirect("registration")
    return render(request, "accounts/registration_form.html", {"form": form, "latest": latest})


@require_POST
def confirmation_send(request):
    """Send the link that confirms the e-mail address once more."""
    if not is_confirmed(request.user):
        send_verification_email_for_user(request, request.user)
    return redirect("registration")


@require_http_methods(["GET", "HEAD", "POST"])
def data_use(request):
    """The present data-use text; who has not accepted it yet does so here before anything else."""
    form = AcceptForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        accept_data_use(request.user)
        return redirect(get_next_redirect_url(request) or "home")
    owing = owes_acceptance(request.user)
    context = {"form": form, "text": data_use_text(), "owing": owing, "next": get_next_redirect_url(request) or ""}
    return render(request, "accounts/data_use.html", context)


@require_safe
def signed_in(request, pk):
    """End a log-in beside an editor of person `pk`: the page tells the editor, or says that somebody else logged in."""
    back = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    told = {"person": request.user.pk, "expected": pk}
    return render(request, "accounts/signed_in.html", {"told": told, "back": back})


def email(request):
    """allauth's page to change the e-mail. IRB staff approved a person by theirs: administrators change it."""
    raise Http404
