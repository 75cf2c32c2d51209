from django.urls import path

from accounts import views

urlpatterns = [
    path("registration/", views.registration, name="registration"),
    path("confirmation/", views.confirmation_send, name="confirmation_send"),
    path("data-use/", views.data_use, name="data_use"),
    path("signed-in/<int:pk>/", views.signed_in, name="signed_in"),
    path("email/", views.email, name="account_email"),  # hides allauth's
]
