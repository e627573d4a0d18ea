from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from clinic.core.views import alive

ROOMS = [
    ("", "clinic.dashboard.urls"),
    ("", "exercises.urls"),
    ("", "bookings.urls"),
    ("", "assessments.urls"),
    ("", "clinic.people.urls"),
    ("", "clinic.reminders.urls"),
    ("demo/", "clinic.demo.urls"),
    ("api/v1/", "clinic.api.urls"),
]

urlpatterns = [
    path("healthz/", alive, name="alive"),
    path("accounts/", include("clinic.people.doors")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    *(path(prefix, include(module)) for prefix, module in ROOMS if find_spec(module)),
]
