from django.urls import path

from exercises import figure_views
from exercises.views import builder, library, programmes, races, sessions

app_name = "exercises"

urlpatterns = [
    path("exercises/", library.library, name="library"),
    path("exercises/figures/", figure_views.figures, name="figures"),
    path("exercises/<slug:slug>/", library.exercise, name="exercise"),
    path("exercises/<slug:slug>/figure.svg", figure_views.figure, name="figure"),
    path("exercises/<slug:slug>/figure.css", figure_views.figure_css, name="figure_css"),
    path("programme/", programmes.programme, name="programme"),
    path("programme/today/", sessions.session, name="session"),
    path("programme/today/rate/", sessions.rate, name="rate"),
    path("programme/today/<int:prescription_id>/done/", sessions.log_planned, name="log_planned"),
    path("programme/today/<int:prescription_id>/sets/", sessions.log_sets, name="log_sets"),
    path("programme/today/<int:prescription_id>/undo/", sessions.undo_log, name="undo_log"),
    path("programmes/<uuid:programme_id>/", programmes.programme_detail, name="programme_detail"),
    path("programmes/<uuid:programme_id>/end/", programmes.end, name="programme_end"),
    path("runners/<uuid:runner_id>/programmes/new/", builder.programme_new, name="programme_new"),
    path("races/", races.races, name="races"),
    path("races/<int:race_id>/recovery/", races.recovery, name="recovery"),
    path("races/<int:race_id>/withdraw/", races.withdraw, name="withdraw_race"),
]
