"""Accounts and groups: for superusers only."""

from allauth.account.admin import EmailAddress
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.admin.mixins import Audited, NeverDeleted, SuperuserOnly
from accounts.audit import record
from accounts.models import IRB_STAFF, User

admin.site.unregister([Group, EmailAddress])
TWO_PEOPLE = (
    "This cannot be given here. The person asks for it (Ask for more rights, in their menu), and two people approve it."
)


class UserChangeForm(auth_forms.UserChangeForm):
    """Rights over people and over Labeler can be taken here at once; to be given, they are asked for and approved by
    two people in the queue of registrations."""

    class Meta(auth_forms.UserChangeForm.Meta):
        model = User

    def clean(self):
        super().clean()
        answers = self.cleaned_data
        for name in ("is_staff", "is_superuser"):
            if answers.get(name) and not getattr(self.instance, name):
                self.add_error(name, TWO_PEOPLE)
        for name in ("groups", "user_permissions"):
            if set(answers.get(name, ())) - set(getattr(self.instance, name).all()):
                self.add_error(name, TWO_PEOPLE)
        return answers


class UserCreationForm(auth_forms.AdminUserCreationForm):
    class Meta(auth_forms.AdminUserCreationForm.Meta):
        model = User

    def clean_username(self):
        """In lower case, as it is kept; the model then says whether somebody has it."""
        return self.cleaned_data["username"].lower()


@admin.register(User)
class UserAdmin(Audited, NeverDeleted, SuperuserOnly, auth_admin.UserAdmin):
    """People are deactivated, never deleted. Rights to label and to create projects are grants, not flags."""

    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ["username", "full_name", "email", "affiliation", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    search_fields = ["username", "full_name", "email", "affiliation"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["full_name", "email", "affiliation"]}),
        ("Administration", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": [
                    "username",
                    "full_name",
                    "email",
                    "affiliation",
                    "usable_password",
                    "password1",
                    "password2",
                ],
            },
        ),
    ]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        # allauth keeps addresses of its own; an old one left there would still open the account.
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()

    @method_decorator(sensitive_post_parameters())
    @transaction.atomic
    def user_change_password(self, request, id, form_url=""):
        """Another's password, set by an administrator."""
        before = User.objects.filter(pk=id).values_list("password", flat=True).first()
        response = super().user_change_password(request, id, form_url)
        changed = User.objects.filter(pk=id).exclude(password=before).first() if before is not None else None
        if changed:
            record("password set by administrator", changed, actor=request.user)
        return response


@admin.register(Group)
class GroupAdmin(Audited, SuperuserOnly, auth_admin.GroupAdmin):
    def has_delete_permission(self, request, obj=None):
        """The group of IRB staff is part of the design."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.name != IRB_STAFF)

    def get_readonly_fields(self, request, obj=None):
        return ["name"] if obj and obj.name == IRB_STAFF else []
