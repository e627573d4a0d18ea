"""What can be done to people: one keyword-only verb each, in one transaction, audited."""

from clinic.people.services.care import begin_care, care_begun, end_care
from clinic.people.services.finding import find_runners, refuse_doubles
from clinic.people.services.profiles import choose_theme, update_profile, update_therapist
from clinic.people.services.proving import agree_to_health_data, choose_first_password, prove_address
from clinic.people.services.registering import register_runner, runner_registered, welcome_runner
from clinic.people.services.team import accept, deactivate, invite, reactivate, resend, send_invitation, withdraw
from clinic.people.services.tokens import issue_token, revoke_all_tokens, revoke_token

__all__ = [
    "accept",
    "agree_to_health_data",
    "begin_care",
    "care_begun",
    "choose_first_password",
    "choose_theme",
    "deactivate",
    "end_care",
    "find_runners",
    "invite",
    "issue_token",
    "prove_address",
    "reactivate",
    "refuse_doubles",
    "register_runner",
    "resend",
    "revoke_all_tokens",
    "revoke_token",
    "runner_registered",
    "send_invitation",
    "update_profile",
    "update_therapist",
    "welcome_runner",
    "withdraw",
]
