from django.urls import path

from bookings.views import appointments, board, booking, callers, deeds, directory, hours, reports

app_name = "bookings"

urlpatterns = [
    path("therapists/", directory.therapists, name="therapists"),
    path("therapists/<slug:slug>/", directory.therapist, name="therapist"),
    path("prices/", directory.prices, name="prices"),
    path("book/", booking.book, name="book"),
    path("book/resume/", booking.resume, name="resume"),
    path("book/check/<uuid:appointment_id>/", booking.check, name="check"),
    path("book/<slug:slug>/", booking.times, name="times"),
    path("appointments/", appointments.appointments, name="appointments"),
    path("appointments/<uuid:appointment_id>/", appointments.appointment, name="appointment"),
    path("appointments/<uuid:appointment_id>/calendar.ics", appointments.calendar, name="calendar"),
    path("appointments/<uuid:appointment_id>/move/", appointments.move, name="move"),
    path("appointments/<uuid:appointment_id>/cancel/", appointments.cancel, name="cancel"),
    path("appointments/<uuid:appointment_id>/receipt/", appointments.receipt, name="receipt"),
    path("appointments/<uuid:appointment_id>/waive/", appointments.waive, name="waive"),
    path("appointments/changes/<uuid:change_id>/undo/", appointments.undo, name="undo"),
    path("appointments/<uuid:appointment_id>/mark/", appointments.mark, name="mark"),
    path("appointments/<uuid:appointment_id>/room/", appointments.room, name="room"),
    path("board/", board.board, name="board"),
    path("board/stamp/", board.stamp, name="board_stamp"),
    path("board/new/", callers.book_for, name="book_for"),
    path("board/<uuid:appointment_id>/move/", deeds.move, name="board_move"),
    path("board/<uuid:appointment_id>/resize/", deeds.resize, name="board_resize"),
    path("board/<uuid:appointment_id>/mark/", deeds.mark, name="board_mark"),
    path("board/undo/<uuid:change_id>/", deeds.take_back, name="board_undo"),
    path("hours/", hours.hours, name="hours"),
    path("hours/<slug:slug>/", hours.hours_of, name="hours_of"),
    path("hours/<slug:slug>/day/", hours.clear_day, name="clear_day"),
    path("time-off/<int:time_off_id>/", hours.time_off, name="time_off"),
    path("reports/", reports.reports_page, name="reports"),
    path("reports/rows/", reports.report_rows, name="report_rows"),
    path("services/", hours.service_list, name="services"),
]
