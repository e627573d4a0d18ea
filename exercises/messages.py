"""What runners are told about their exercises and races: that something waits, and the link. Nothing clinical."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from clinic.reminders.kinds import Kind, register, register_planner
from clinic.reminders.models import Reminder
from exercises import doses, today
from exercises.models import Programme, Race, State
from exercises.services.reminders import plan_exercise_reminders


def register_kinds() -> None:
    """Make this app's kinds of message, and their planner, known to the outbox."""
    register(
        Kind(
            "exercises_due",
            template="exercises_due",
            still_true=still_due,
            extra=facts_of_day,
            transactional=False,
            label="Exercises not logged",
            summary="One e-mail at the hour you chose, on days when something is left to do.",
        )
    )
    register(
        Kind(
            "race_recovery",
            template="race_recovery",
            still_true=still_entered,
            extra=facts_of_race,
            transactional=False,
            label="The morning after a race",
            summary="One e-mail with the way back to running.",
        )
    )
    register_planner("exercises", plan_exercise_reminders)


def still_due(reminder: Reminder, now: datetime) -> str:
    """It holds while the runner follows the programme and something of that day is not done."""
    programme = programme_of(reminder)
    if programme is None or programme.state != State.ACTIVE:
        return "The programme ended."
    on = date.fromisoformat(reminder.occasion)
    if now.astimezone(reminder.person.tz).date() != on:
        return "The day is over."
    rows = today.rows_of(programme, on)
    if not rows:
        return "Nothing is planned for this day any more."
    return "Everything is done already." if all(row.done for row in rows) else ""


def still_entered(reminder: Reminder, now: datetime) -> str:
    """It holds while the race stands in the runner's list on the day it tells."""
    race = race_of(reminder)
    if race is None:
        return "The race was taken off the list."
    return "" if race.on.isoformat() == reminder.occasion else "The race was moved."


def facts_of_day(reminder: Reminder) -> dict[str, Any]:
    """How many exercises are left and how long they take; no names of exercises."""
    programme = programme_of(reminder)
    rows = today.rows_of(programme, date.fromisoformat(reminder.occasion)) if programme else []
    left = [row for row in rows if not row.done]
    return {
        "left": len(left),
        "minutes": doses.minutes(row.prescription for row in left),
        "page_url": settings.SITE_URL + reverse("exercises:session"),
    }


def facts_of_race(reminder: Reminder) -> dict[str, Any]:
    race = race_of(reminder)
    page = reverse("exercises:recovery", args=[race.pk]) if race else reverse("exercises:races")
    return {"race": race, "page_url": settings.SITE_URL + page}


def programme_of(reminder: Reminder) -> Programme | None:
    key = reminder.subject.partition(":")[2]
    return Programme.objects.with_plan().filter(pk=UUID(key)).first()


def race_of(reminder: Reminder) -> Race | None:
    return Race.objects.filter(pk=int(reminder.subject.partition(":")[2])).first()
