from django.urls import path

from accounts import views

urlpatterns = [
    path("registration/", views.registration, name="registration"),
    path("signed-in/<int:pk>/", views.signed_in, name="signed_in"),
    path("email/", views.email, name="account_email"),  # hides allauth's
]
