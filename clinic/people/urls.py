from django.urls import path

from clinic.people.views import doors, team, you

app_name = "people"
urlpatterns = [
    path("you/", you.you, name="you"),
    path("you/directory/", you.directory, name="directory"),
    path("you/tokens/", you.tokens, name="tokens"),
    path("you/tokens/<uuid:token_id>/revoke/", you.revoke, name="revoke_token"),
    path("team/", team.team, name="team"),
    path("team/invitations/<int:invitation_id>/resend/", team.resend, name="resend_invitation"),
    path("team/invitations/<int:invitation_id>/withdraw/", team.withdraw, name="withdraw_invitation"),
    path("team/people/<int:person_id>/deactivate/", team.deactivate, name="deactivate"),
    path("team/people/<int:person_id>/reactivate/", team.reactivate, name="reactivate"),
    path("invitation/<str:token>/", doors.accept_invitation, name="accept_invitation"),
    path("consent/", doors.consent, name="consent"),
]
