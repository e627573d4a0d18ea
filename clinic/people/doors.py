"""Pages of ours that stand before allauth's at the same address."""

from django.urls import path, re_path

from clinic.people.views.doors import ask_for_reset, confirm_address, reset_password

urlpatterns = [
    path("confirm-email/", confirm_address, name="account_email_verification_sent"),
    path("password/reset/", ask_for_reset, name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        reset_password,
        name="account_reset_password_from_key",
    ),
]
