"""What can be booked, when therapists work, and the sessions that are booked."""

from bookings.models.appointments import Appointment
from bookings.models.catalogue import Place, Service, TreatmentRoom
from bookings.models.hours import HoursPlace, Override, TimeOff, Weekday, WeeklyHours

__all__ = [
    "Appointment",
    "HoursPlace",
    "Override",
    "Place",
    "Service",
    "TimeOff",
    "TreatmentRoom",
    "Weekday",
    "WeeklyHours",
]
