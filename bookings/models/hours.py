"""When a therapist works: weekly hours, overrides of one day, time off. Hours are wall-clock times in the therapist's own zone."""

from datetime import date, time
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from bookings.querysets import HoursQuerySet, TimeOffQuerySet
from clinic.people.models import validate_zone

MIDNIGHT = time(0, 0)


class Weekday(models.IntegerChoices):
    """Day of the week, numbered as Python does."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class HoursPlace(models.TextChoices):
    """What a therapist can be booked for in these hours."""

    EITHER = "either", "Online or in the clinic"
    ONLINE = "online", "Online only"
    CLINIC = "clinic", "In the clinic only"


class WeeklyHours(models.Model):
    """One range of a therapist's week, in force from `valid_from` to `valid_until` (both days included).

    A change closes the old row and opens a new one, so that the past stays readable. A `temporary` week stands in for the
    usual one, whose rows end before it and begin again after it. `ends` 00:00 means midnight at the end of the day.
    """

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField()
    ends = models.TimeField()
    place = models.CharField(max_length=10, choices=HoursPlace, default=HoursPlace.EITHER)
    valid_from = models.DateField(default=date(2000, 1, 1))
    valid_until = models.DateField(null=True, blank=True)
    temporary = models.BooleanField(default=False)

    objects = HoursQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["therapist", "weekday", "starts"]
        verbose_name_plural = "weekly hours"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="weekly_hours_end_after_start",
                condition=Q(ends__gt=F("starts")) | Q(ends=MIDNIGHT),
                violation_error_message="Hours end after they begin. For hours past midnight, enter the rest on the next day.",
            ),
            models.CheckConstraint(
                name="weekly_hours_weekday_known",
                condition=Q(weekday__gte=0, weekday__lte=6),
                violation_error_message="Choose a day from Monday to Sunday.",
            ),
            models.CheckConstraint(
                name="weekly_hours_valid_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message="The last day of these hours cannot be before the first.",
            ),
            models.CheckConstraint(
                name="weekly_hours_for_a_time_end",
                condition=Q(temporary=False) | Q(valid_until__isnull=False),
                violation_error_message="A week for a time needs its last day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Override(models.Model):
    """An exception on one day: extra hours (`closed` off), or the day, or a part of it, closed.

    What is open on a day is the weekly hours, less the closing rows, plus the opening rows. A closing row without times
    closes the whole day; with opening rows beside it, the day has different hours.
    """

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="overrides")
    on = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    place = models.CharField(max_length=10, choices=HoursPlace, default=HoursPlace.EITHER)
    closed = models.BooleanField(default=False)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["therapist", "on", "starts"]
        indexes: ClassVar = [models.Index(fields=["therapist", "on"], name="override_day")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="override_times_whole",
                condition=Q(starts__isnull=True, ends__isnull=True, closed=True)
                | (Q(starts__isnull=False, ends__isnull=False) & (Q(ends__gt=F("starts")) | Q(ends=MIDNIGHT))),
                violation_error_message="Give a start and an end after it, or close the whole day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {'closed' if self.closed else f'{self.starts:%H:%M}–{self.ends:%H:%M}'}"


class TimeOff(models.Model):
    """An absence from one instant to another (half-open, UTC)."""

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="time_off")
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True, help_text="Staff and the therapist see this; runners do not.")

    objects = TimeOffQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["therapist", "start"]
        verbose_name_plural = "time off"
        indexes: ClassVar = [models.Index(fields=["therapist", "end"], name="time_off_end")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="time_off_end_after_start",
                condition=Q(end__gt=F("start")),
                violation_error_message="Time off ends after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}–{self.end:%Y-%m-%d %H:%M} UTC"


class DailyCap(models.Model):
    """The most sessions a therapist has on one day of their own calendar: of one service, or (no service) of all."""

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="daily_caps")
    service = models.ForeignKey(
        "bookings.Service", on_delete=models.CASCADE, related_name="daily_caps", null=True, blank=True
    )
    most = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["therapist", "service"],
                condition=Q(service__isnull=False),
                name="daily_cap_once",
                violation_error_message="There is a limit for this session already. Change that one.",
            ),
            models.UniqueConstraint(
                fields=["therapist"],
                condition=Q(service__isnull=True),
                name="daily_cap_of_all_once",
                violation_error_message="There is a limit for the whole day already. Change that one.",
            ),
            models.CheckConstraint(
                name="daily_cap_possible",
                condition=Q(most__gte=1, most__lte=50),
                violation_error_message="A limit is between 1 and 50 sessions a day.",
            ),
        ]

    def __str__(self) -> str:
        return f"At most {self.most} a day"


class Travel(models.Model):
    """Days (both included) on which a therapist's hours are wall-clock times of another zone."""

    therapist = models.ForeignKey("people.TherapistProfile", on_delete=models.CASCADE, related_name="travels")
    zone = models.CharField(max_length=60, validators=[validate_zone])
    first = models.DateField()
    last = models.DateField()

    class Meta:
        ordering: ClassVar = ["therapist", "first"]
        indexes: ClassVar = [models.Index(fields=["therapist", "last"], name="travel_last")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="travel_days_in_order",
                condition=Q(last__gte=F("first")),
                violation_error_message="The last day abroad cannot be before the first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last} in {self.zone}"
