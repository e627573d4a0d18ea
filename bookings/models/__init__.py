"""What can be booked, when therapists work, the sessions that are booked, and the wishes for others."""

from bookings.models.appointments import Appointment, Change, Payer, Series, Visitor
from bookings.models.calendars import CalendarFeed, OutsideBusy, OutsideCalendar
from bookings.models.catalogue import Equipment, Place, Service, TreatmentRoom
from bookings.models.hours import DailyCap, HoursPlace, Override, TimeOff, Travel, Weekday, WeeklyHours
from bookings.models.waitlist import Offer, PartOfDay, TimePreference, TimeWish, WaitlistEntry
from bookings.models.workshops import Seat, Workshop

__all__ = [
    "Appointment",
    "CalendarFeed",
    "Change",
    "DailyCap",
    "Equipment",
    "HoursPlace",
    "Offer",
    "OutsideBusy",
    "OutsideCalendar",
    "Override",
    "PartOfDay",
    "Payer",
    "Place",
    "Seat",
    "Series",
    "Service",
    "TimeOff",
    "TimePreference",
    "TimeWish",
    "Travel",
    "TreatmentRoom",
    "Visitor",
    "WaitlistEntry",
    "Weekday",
    "WeeklyHours",
    "Workshop",
]
