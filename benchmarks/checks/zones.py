"""The client's zone: the same instants for everybody, each under the reader's own date, and one instant in every message.

Visitors in Tokyo, Kiritimati, Los Angeles and London ask at each of the 24 hours of a day for their own coming fortnight,
once as a range and once day by day. Then one session is booked, and its letter, page, calendar file and reminder are read.
"""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.checks.stage import Verdicts, make_runners, make_service, make_therapist

ZONES = ("Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/London")


def run(verdicts: Verdicts) -> None:
    service = make_service(horizon_days=30)
    make_therapist("tess", service, zone="America/New_York")
    make_therapist("olu", service, zone="Europe/London", opens=9, closes=17)
    lists(verdicts, service)
    over_http(verdicts)
    messages(verdicts, service)


def over_http(verdicts: Verdicts) -> None:
    """The same question as a visitor's browser asks it: days of their zone in, their own dates and one set of instants out."""
    from django.conf import settings
    from django.test import Client

    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    now = datetime.now(UTC)
    until, sets, wrong_days = now + timedelta(days=12), {}, 0
    for zone in ZONES:
        today = now.astimezone(ZoneInfo(zone)).date()
        asked = {"service": "visit", "zone": zone, "from": str(today), "to": str(today + timedelta(days=14))}
        starts = [datetime.fromisoformat(each["start"]) for each in client.get("/api/v1/slots/", asked).json()["slots"]]
        days = {start.astimezone(ZoneInfo(zone)).date() for start in starts}
        wrong_days += sum(not today <= day <= today + timedelta(days=14) for day in days)
        sets[zone] = {start for start in starts if start < until}
    reference = sets[ZONES[-1]]
    differences = sum(len(each ^ reference) for each in sets.values())
    verdicts.say(
        "over HTTP, now: instants that differ, dates not asked for",
        f"{differences} of {len(reference) * len(ZONES)}, {wrong_days}",
        not differences and not wrong_days and bool(reference),
    )


def lists(verdicts: Verdicts, service: object) -> None:
    from bookings.availability import find_slots

    differences, wrong_days, lost, seen = 0, 0, 0, 0
    for hour in range(24):
        now = datetime(2027, 3, 10, hour, 20, tzinfo=UTC)
        until = now + timedelta(days=12)
        sets = {}
        for zone in ZONES:
            today = now.astimezone(ZoneInfo(zone)).date()

            def asked(first, last, now=now, zone=zone):  # type: ignore[no-untyped-def]
                return find_slots(service=service, first=first, last=last, zone=zone, now=now)  # type: ignore[arg-type]

            whole = {(slot.therapist_id, slot.start) for slot in asked(today, today + timedelta(days=14))}
            by_day = set()
            for number in range(15) if hour % 6 == 0 else ():
                day = today + timedelta(days=number)
                for slot in asked(day, day):
                    wrong_days += slot.start.astimezone(ZoneInfo(zone)).date() != day
                    by_day.add((slot.therapist_id, slot.start))
            lost += len(whole ^ by_day) if by_day else 0
            sets[zone] = {each for each in whole if each[1] < until}
        reference = sets[ZONES[-1]]
        seen += len(reference)
        differences += sum(len(each ^ reference) for each in sets.values())
    verdicts.say("24 hours x 4 zones: instants that differ", f"{differences} of {seen * 4}", differences == 0 < seen)
    verdicts.say("slots under a date that is not the reader's", wrong_days, wrong_days == 0)
    verdicts.say("the range and its single days differ in", lost, lost == 0)


def messages(verdicts: Verdicts, service: object) -> None:
    """One session for a runner on the other side of the date line: what each message says its start is."""
    from django.conf import settings
    from django.core import mail
    from django.test import Client
    from django.test.utils import override_settings
    from icalendar import Calendar

    from bookings.availability import find_slots
    from bookings.services import book_slot
    from clinic.reminders.dispatch import dispatch
    from clinic.reminders.models import Reminder

    [runner] = make_runners(1, zone="Pacific/Kiritimati")
    now = datetime.now(UTC).replace(microsecond=0)
    day = (now + timedelta(days=3)).date()
    slot = find_slots(service=service, first=day, last=day, zone="UTC", now=now)[40]  # type: ignore[arg-type]
    from clinic.people.models import TherapistProfile

    booked = book_slot(
        service=service,  # type: ignore[arg-type]
        therapist=TherapistProfile.objects.get(pk=slot.therapist_id),
        runner=runner.runner,
        start=slot.start,
        by=runner,
        now=now,
    )
    local = slot.start.astimezone(ZoneInfo("Pacific/Kiritimati"))
    spoken = f"{local:%H:%M}", f"{local.day} {local:%B}"
    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost")
    client.force_login(runner)
    page = client.get(f"/appointments/{booked.pk}/").content.decode()
    file = client.get(f"/appointments/{booked.pk}/calendar.ics").content
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        dispatch(now=now + timedelta(minutes=4))
        letters = [message.message().as_bytes() for message in mail.outbox]
    verdicts.say("the booking's letter has gone", len(letters), len(letters) == 1)
    parts = list(message_from_bytes(letters[0]).walk()) if letters else []
    text = "".join(
        part.get_payload(decode=True).decode()
        for part in parts
        if part.get_content_type() == "text/plain"  # type: ignore[union-attr]
    )
    attached = [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/calendar"]
    verdicts.say(
        "page: the hour and the date in the reader's zone",
        " on ".join(spoken),
        all(each in page for each in spoken) and "Kiritimati" in page,
    )
    for name, files in (("calendar file of the page", [file]), ("calendar file of the letter", attached)):
        starts = [event.decoded("dtstart") for each in files for event in Calendar.from_ical(each).walk("VEVENT")]
        verdicts.say(f"{name}: DTSTART", starts[0] if starts else "none", starts == [slot.start])
    verdicts.say(
        "letter: the hour and the date in the reader's zone",
        " on ".join(spoken),
        spoken[0] in text and str(local.day) in text and "Kiritimati" in text,
    )
    reminder_letter(verdicts, booked, spoken, local)
    reminder = Reminder.objects.get(subject=booked.subject, kind="visit_24h")
    verdicts.say(
        "reminder: due 24 hours before",
        reminder.due_at,
        reminder.due_at == slot.start - timedelta(hours=24)
        and datetime.fromisoformat(reminder.context["start"]) == slot.start,
    )


def reminder_letter(verdicts: Verdicts, booked: Any, spoken: tuple[str, str], local: datetime) -> None:
    """The reminder as it leaves the day before, or after the reader's night."""
    from django.core import mail
    from django.test.utils import override_settings

    from clinic.reminders.dispatch import dispatch

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        for hours in range(14):
            dispatch(now=booked.start - timedelta(hours=24 - hours) + timedelta(minutes=1))
        letters = [message for message in mail.outbox if booked.runner.user.email in message.to]
    text = letters[0].body if letters else ""
    verdicts.say(
        "reminder's letter: the hour and the date in the reader's zone",
        " on ".join(spoken),
        len(letters) == 1 and spoken[0] in text and str(local.day) in text and "Kiritimati" in text,
    )
