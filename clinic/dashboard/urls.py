from django.urls import path

from clinic.dashboard import people_lists, progress, styleguide, to_book, views
from clinic.dashboard.chart import chart

app_name = "dashboard"
urlpatterns = [
    path("", views.home, name="home"),
    path("today/", views.today, name="today"),
    path("theme/", views.theme, name="theme"),
    path("runners/", people_lists.runners, name="runners"),
    path("runners/<uuid:runner_id>/", chart, name="chart"),
    path("to-book/", to_book.to_book, name="to_book"),
    path("running/", views.running, name="running"),
    path("progress/", progress.progress, name="progress"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
