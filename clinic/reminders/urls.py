from django.urls import path

from clinic.reminders import views

app_name = "reminders"
urlpatterns = [
    path("messages/", views.messages, name="messages"),
    path("messages/pause/", views.pause, name="pause"),
    path("messages/stop/<str:token>/", views.stop, name="stop"),
    path("messages/<int:pk>/retry/", views.retry, name="retry"),
    path("messages/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
]
