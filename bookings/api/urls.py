from django.urls import path

from bookings.api import free, views, waitlist, workshops
from bookings.api.feed import FeedView

urlpatterns = [
    path("services/", views.ServicesView.as_view(), name="services"),
    path("therapists/", views.TherapistsView.as_view(), name="therapists"),
    path("therapists/<slug:slug>/", views.TherapistView.as_view(), name="therapist"),
    path("slots/", free.SlotsView.as_view(), name="slots"),
    path("slots/first/", free.FirstSlotView.as_view(), name="first_slot"),
    path("holds/", views.HoldsView.as_view(), name="holds"),
    path("appointments/", views.AppointmentsView.as_view(), name="appointments"),
    path("appointments/<uuid:appointment_id>/", views.AppointmentView.as_view(), name="appointment"),
    path("appointments/<uuid:appointment_id>/move/", views.MoveView.as_view(), name="move"),
    path("appointments/<uuid:appointment_id>/cancel/", views.CancelView.as_view(), name="cancel"),
    path("appointments/<uuid:appointment_id>/calendar.ics", views.CalendarView.as_view(), name="calendar"),
    path("calendar/<slug:token>.ics", FeedView.as_view(), name="feed"),
    path("series/", waitlist.SeriesView.as_view(), name="series"),
    path("waitlist/", waitlist.WaitlistView.as_view(), name="waitlist"),
    path("waitlist/<uuid:entry_id>/", waitlist.WishView.as_view(), name="wish"),
    path("offers/", waitlist.OffersView.as_view(), name="offers"),
    path("offers/<uuid:offer_id>/", waitlist.OfferView.as_view(), name="offer"),
    path("offers/<uuid:offer_id>/accept/", waitlist.AcceptView.as_view(), name="accept_offer"),
    path("offers/<uuid:offer_id>/decline/", waitlist.DeclineView.as_view(), name="decline_offer"),
    path("workshops/", workshops.WorkshopsView.as_view(), name="workshops"),
    path("workshops/<uuid:workshop_id>/", workshops.WorkshopView.as_view(), name="workshop"),
    path("workshops/<uuid:workshop_id>/seats/", workshops.WorkshopSeatsView.as_view(), name="workshop_seats"),
    path(
        "workshops/<uuid:workshop_id>/seats/<uuid:seat_id>/", workshops.WorkshopSeatView.as_view(), name="workshop_seat"
    ),
    path("workshops/<uuid:workshop_id>/waitlist/", workshops.WorkshopWaitlistView.as_view(), name="workshop_waitlist"),
]
