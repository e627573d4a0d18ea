from importlib.util import find_spec

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from clinic.api import views

app_name = "api"
ROOMS = ("exercises", "bookings", "assessments", "clinic.reminders")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("tokens/", views.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>/", views.OneToken.as_view(), name="token"),
    path("me/", views.Me.as_view(), name="me"),
    *(path("", include(f"{room}.api.urls")) for room in ROOMS if find_spec(f"{room}.api.urls")),
]
