from django.contrib import admin
from django.urls import include, path

from clinic.dashboard.health import healthz

handler400 = "clinic.core.views.bad_request"

urlpatterns = [
    path("api/v1/", include("clinic.api.urls")),
    path("", include("clinic.dashboard.urls")),
    path("", include("exercises.urls")),
    path("", include("bookings.urls")),
    path("", include("assessments.urls")),
    path("", include("clinic.people.urls")),
    path("", include("clinic.reminders.urls")),
    path("accounts/", include("clinic.people.doors")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("demo/", include("clinic.demo.urls")),
    path("healthz/", healthz, name="healthz"),
]
