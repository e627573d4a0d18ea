from django.urls import path

from clinic.reminders.api.views import ReminderList

urlpatterns = [path("reminders/", ReminderList.as_view(), name="reminders")]
