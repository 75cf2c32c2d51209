"""The queue of requests: who asks for what, and the two actions that decide on them."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join

from accounts.admin.mixins import ReadOnly
from accounts.models import Registration
from accounts.services import (
    ALREADY_DECIDED,
    DECIDED,
    OWN,
    approve_registrations,
    decline_registrations,
)


class StatusFilter(admin.SimpleListFilter):
    """By state; without a choice the list shows what waits."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [*Registration.Status.choices, ("all", "All")]

    def value(self):
        return super().value() or Registration.Status.PENDING.value

    def choices(self, changelist):
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request, queryset):
        return queryset if self.value() == "all" else queryset.filter(status=self.value())


class DecisionForm(forms.Form):
    """The confirmation. It carries the people it showed, so that nobody is decided on unseen."""

    people = forms.RegexField(r"^\d{1,18}(,\d{1,18})*\Z", widget=forms.HiddenInput)
    reason = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4, "cols": 80}))

    def __init__(self, *args, verb, **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        if verb == "decline":
            reason.required = True
            reason.help_text = "The person reads it in an e-mail and on their page."
            reason.error_messages["required"] = "Please write a reason; the person will read it."
        else:
            reason.help_text = "Not required. If you write something, the person reads it in the e-mail."


def sentence(outcome, done: str) -> str:
    """`outcome` counted in words: "3 approved, 1 already decided, 1 skipped: …"."""
    parts = [f"{outcome[DECIDED]} {done}"]
    if outcome[ALREADY_DECIDED]:
        parts.append(f"{outcome[ALREADY_DECIDED]} already decided")
    if outcome[OWN]:
        parts.append(f"{outcome[OWN]} skipped: you cannot decide on your own request")
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
    list_select_related = ["user", "decided_by"]
    list_per_page = 50
    date_hierarchy = "created_at"
    ordering = ["-status", "created_at"]  # pending, declined, approved; the oldest first
    actions = ["approve", "decline"]
    fields = ["person", "what_for", "reason_text", "protocol_number", "created_at", "decision", "history"]
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

    @admin.display(ordering="created_at")
    def asked_on(self, registration):
        return f"{registration.created_at:%Y-%m-%d}"

    @admin.display(description="state", ordering="status")
    def decision(self, registration):
        if registration.status == Registration.Status.PENDING:
            return format_html('<span class="state state-pending">{}</span>', "Pending")
        return format_html(
            '<span class="stack"><span class="state state-{}">{}</span> <span>by {}, {}</span> <em>{}</em></span>',
            registration.status,
            registration.get_status_display(),
            registration.decided_by.full_name,
            f"{registration.decided_at:%Y-%m-%d %H:%M}",
            registration.decision_reason,
        )

    @admin.display(description="earlier requests and grants")
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

    def decide(self, request, queryset, verb, service):
        """Show the people and ask for the reason; when that is answered, decide and say what happened."""
        if "people" in request.POST:
            form = DecisionForm(request.POST, verb=verb)
            form.full_clean()
            chosen = self.registrations(form.cleaned_data.get("people", "").split(","))
            if form.is_valid():
                outcome = service(chosen, by=request.user, reason=form.cleaned_data["reason"])
                level = messages.SUCCESS if outcome[DECIDED] else messages.WARNING
                self.message_user(request, sentence(outcome, f"{verb}d"), level)
                return None
        else:
            chosen = queryset.select_related("user", "decided_by")
            if request.POST.get("select_across") != "1":
                # Not `queryset`: the list shows pending ones, and some may have been decided since it was loaded.
                chosen = self.registrations(request.POST.getlist(ACTION_CHECKBOX_NAME))
            form = DecisionForm(initial={"people": ",".join(str(one.pk) for one in chosen)}, verb=verb)
        context = self.admin_site.each_context(request) | {
            "title": f"{verb.capitalize()} these requests?",
            "opts": self.opts,
            "verb": verb,
            "form": form,
            "chosen": chosen,
        }
        return TemplateResponse(request, "admin/accounts/registration/decide.html", context)

    def registrations(self, ids):
        return Registration.objects.select_related("user", "decided_by").filter(pk__in=[one for one in ids if one])
