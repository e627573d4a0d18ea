from django.urls import path

from exercises import figure_views
from exercises.api import views

urlpatterns = [
    path("exercises/", views.LibraryView.as_view(), name="exercises"),
    path("exercises/<slug:slug>/", views.ExerciseView.as_view(), name="exercise"),
    path("exercises/<slug:slug>/figure.svg", figure_views.figure, name="exercise_figure"),
    path("programmes/", views.ProgrammesView.as_view(), name="programmes"),
    path("programmes/<uuid:programme_id>/", views.ProgrammeView.as_view(), name="programme"),
    path("programmes/<uuid:programme_id>/today/", views.TodayView.as_view(), name="programme_today"),
    path("logs/", views.LogsView.as_view(), name="logs"),
]
