"""The queue of requests: who asks for what, and the three actions that decide on them."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from accounts.admin.mixins import ReadOnly, StartingFilter
from accounts.models import AuditEvent, Protocol, Registration
from accounts.services import (
    ALREADY_DECIDED,
    DECIDED,
    FIRST,
    NO_ADMINISTRATOR,
    OWN,
    SAME_PERSON,
    UNCONFIRMED,
    approve_registrations,
    ask_for_more,
    decline_registrations,
    is_confirmed,
)

VERBS = {"approve": ("approve", "approved"), "decline": ("decline", "declined"), "ask": ("ask about", "asked")}
SKIPPED = {
    OWN: "you cannot decide on your own request",
    SAME_PERSON: "you approved it already; a second person must",
    NO_ADMINISTRATOR: "one of the two who approve must be an administrator",
    UNCONFIRMED: "the e-mail address is not confirmed yet",
}


class StatusFilter(StartingFilter):
    """By state, each with its number; without a choice the list shows what waits."""

    title = "state"
    parameter_name = "state"
    start = Registration.Status.PENDING.value

    def lookups(self, request, model_admin):
        counts = dict(Registration.objects.order_by().values_list("status").annotate(Count("pk")))
        states = [(value, f"{label} ({counts.get(value, 0)})") for value, label in Registration.Status.choices]
        return [*states, ("all", f"All ({sum(counts.values())})")]

    def queryset(self, request, queryset):
        return queryset if self.value() == "all" else queryset.filter(status=self.value())


class DecisionForm(forms.Form):
    """The confirmation. It carries the people it showed, so that nobody is decided on unseen."""

    people = forms.RegexField(r"^\d{1,18}(,\d{1,18})*\Z", widget=forms.HiddenInput)
    reason = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4, "cols": 80}))

    def __init__(self, *args, verb, **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        if verb != "approve":
            reason.required = True
            reason.label = "Question" if verb == "ask" else "Reason"
            reason.help_text = "The person reads it in an e-mail and on their page."
            reason.error_messages["required"] = f"Please write a {reason.label.lower()}; the person will read it."
        else:
            reason.help_text = "Not required. If you write something, the person reads it in the e-mail."


def sentence(outcome, done: str) -> str:
    """`outcome` counted in words: "3 approved, 1 already decided, 1 skipped: …"."""
    parts = [f"{outcome[DECIDED]} {done}"]
    if outcome[FIRST]:
        parts.append(f"{outcome[FIRST]} approved by you as the first of two")
    if outcome[ALREADY_DECIDED]:
        parts.append(f"{outcome[ALREADY_DECIDED]} already decided")
    parts += [f"{outcome[why]} skipped: {words}" for why, words in SKIPPED.items() if outcome[why]]
    return ", ".join(parts) + "."


@admin.register(Registration)
class RegistrationAdmin(ReadOnly, admin.ModelAdmin):
    """Nothing is edited by hand; the right to change a registration is the right to decide."""

    list_display = ["person", "what_for", "reason_text", "protocol", "asked_on", "decision"]
    list_filter = [StatusFilter, "purpose"]
    search_fields = [
        "user__username",
        "user__full_name",
        "user__email",
        "user__affiliation",
        "protocol_number",
        "reason",
    ]
    searches = "name, username, e-mail, affiliation, protocol number and reason"
    list_select_related = ["user", "decided_by", "first_approved_by"]
    list_per_page = 50
    date_hierarchy = "created_at"
    ordering = ["-status", "created_at"]  # pending, declined, approved; the oldest first
    actions = ["approve", "decline", "ask"]
    fields = [
        "person",
        "what_for",
        "reason_text",
        "protocol_known",
        "data_use",
        "confirmed",
        "decision",
        "steps",
        "history",
    ]
    readonly_fields = fields

    def has_decide_permission(self, request):
        return request.user.has_perm("accounts.change_registration")

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may_decide = self.has_decide_permission(request)
        return super().change_view(request, object_id, form_url, {"may_decide": may_decide, **(extra_context or {})})

    @admin.display(ordering="user__full_name")
    def person(self, registration):
        user = registration.user
        return format_html(
            '<span class="stack"><b>{}</b> <span>{}</span> <span>{}</span> <span>{}</span></span>',
            user.full_name,
            user.username,
            user.email,
            user.affiliation,
        )

    @admin.display(ordering="purpose")
    def what_for(self, registration):
        return registration.get_purpose_display()

    @admin.display(description="reason")
    def reason_text(self, registration):
        return format_html('<div class="reason" tabindex="0">{}</div>', registration.reason)

    @admin.display(ordering="protocol_number", empty_value="none")
    def protocol(self, registration):
        return registration.protocol_number

    @admin.display(description="protocol")
    def protocol_known(self, registration):
        number = registration.protocol_number
        protocol = Protocol.objects.filter(number__iexact=number).first() if number else None
        if protocol is None:
            return f"{number}, which is not among the protocols" if number else "none"
        url = reverse("admin:accounts_protocol_change", args=[protocol.pk])
        return format_html('<a href="{}">{}</a> {}, {}', url, number, protocol.title, protocol.ended or "holds")

    @admin.display(description="data-use text")
    def data_use(self, registration):
        if not registration.data_use_accepted_at:
            return "not accepted with this request"
        return f"version {registration.data_use_version}, accepted {registration.data_use_accepted_at:%Y-%m-%d %H:%M}"

    @admin.display(description="e-mail address", boolean=False)
    def confirmed(self, registration):
        return "confirmed, or nobody is asked to" if is_confirmed(registration.user) else "not confirmed yet"

    @admin.display(ordering="created_at")
    def asked_on(self, registration):
        days = (timezone.now() - registration.created_at).days
        waits = registration.status == Registration.Status.PENDING and days > 0
        return format_html(
            '<span class="stack"><span>{}</span>{}</span>',
            f"{registration.created_at:%Y-%m-%d}",
            format_html("<span>{} day{} ago</span>", days, "" if days == 1 else "s") if waits else "",
        )

    @admin.display(description="state", ordering="status")
    def decision(self, registration):
        if registration.status == Registration.Status.PENDING:
            first = registration.first_approved_by
            needs = "needs two approvals" if registration.needs_two else ""
            return format_html(
                '<span class="stack"><span class="state state-pending">{}</span> <span>{}</span></span>',
                "Pending",
                f"approved by {first.full_name}; one more is needed" if first else needs,
            )
        return format_html(
            '<span class="stack"><span class="state state-{}">{}</span> <span>by {}, {}</span> <em>{}</em></span>',
            registration.status,
            registration.get_status_display(),
            registration.decided_by.full_name,
            f"{registration.decided_at:%Y-%m-%d %H:%M}",
            registration.decision_reason,
        )

    @admin.display(description="what happened to it")
    def steps(self, registration):
        """Every state it had, and who did it when, from the audit trail."""
        events = AuditEvent.objects.filter(object_type=registration._meta.label, object_id=str(registration.pk))
        items = [
            (f"{event.at:%Y-%m-%d %H:%M}", event.actor_name, event.action.removeprefix("registration "), event.reason)
            for event in events.order_by("pk")
        ]
        lines = format_html_join("", "<li>{} <b>{}</b> {} <em>{}</em></li>", items)
        return format_html('<ol class="steps">{}</ol>', lines) if items else "Nothing is recorded"

    @admin.display(description="other requests and grants")
    def history(self, registration):
        """What else is known of the person, newest first."""
        others = registration.user.registrations.exclude(pk=registration.pk).select_related("decided_by")
        lines = [
            (other.created_at, f"asked: {other.get_purpose_display()}. {other.get_status_display()}. {other.reason}")
            for other in others
        ]
        for grant in registration.user.grants.all():
            right = "create projects and label" if grant.may_create_projects else "label"
            until = f"{grant.until:%Y-%m-%d}" if grant.until else "no end"
            lines.append((grant.since, f"granted: {right}, until {until}"))
        items = [(f"{when:%Y-%m-%d}", what) for when, what in sorted(lines, reverse=True)]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}</li>", items)) if items else "None"

    @admin.action(description="Approve", permissions=["decide"])
    def approve(self, request, queryset):
        return self.decide(request, queryset, "approve", approve_registrations)

    @admin.action(description="Decline", permissions=["decide"])
    def decline(self, request, queryset):
        return self.decide(request, queryset, "decline", decline_registrations)

    @admin.action(description="Ask for more", permissions=["decide"])
    def ask(self, request, queryset):
        return self.decide(request, queryset, "ask", ask_for_more)

    def decide(self, request, queryset, verb, service):
        """Show the people and ask for the reason; when that is answered, decide and say what happened."""
        if "people" in request.POST:
            form = DecisionForm(request.POST, verb=verb)
            form.full_clean()
            chosen = self.registrations(form.cleaned_data.get("people", "").split(","))
            if form.is_valid():
                outcome = service(chosen, by=request.user, reason=form.cleaned_data["reason"])
                level = messages.SUCCESS if outcome[DECIDED] or outcome[FIRST] else messages.WARNING
                self.message_user(request, sentence(outcome, VERBS[verb][1]), level)
                return None
        else:
            chosen = queryset.select_related("user", "decided_by", "first_approved_by")
            if request.POST.get("select_across") != "1":
                # Not `queryset`: the list shows pending ones, and some may have been decided since it was loaded.
                chosen = self.registrations(request.POST.getlist(ACTION_CHECKBOX_NAME))
            form = DecisionForm(initial={"people": ",".join(str(one.pk) for one in chosen)}, verb=verb)
        context = self.admin_site.each_context(request) | {
            "title": f"{VERBS[verb][0].capitalize()} these requests?",
            "button": VERBS[verb][0].capitalize(),
            "opts": self.opts,
            "verb": verb,
            "form": form,
            "chosen": chosen,
        }
        return TemplateResponse(request, "admin/accounts/registration/decide.html", context)

    def registrations(self, ids):
        registrations = Registration.objects.select_related("user", "decided_by", "first_approved_by")
        return registrations.filter(pk__in=[one for one in ids if one])
