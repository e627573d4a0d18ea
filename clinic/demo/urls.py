from django.urls import path

from clinic.demo import views

app_name = "demo"
urlpatterns = [
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<int:pk>/", views.letter, name="letter"),
    path("mailbox/<int:pk>/page/", views.page, name="page"),
    path("mailbox/<int:pk>/files/<int:file_pk>/", views.enclosure, name="enclosure"),
]
