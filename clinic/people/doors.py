"""Pages of ours that stand before allauth's at the same address."""

from django.urls import path

from clinic.people.views.doors import confirm_address

urlpatterns = [path("confirm-email/", confirm_address, name="account_email_verification_sent")]
