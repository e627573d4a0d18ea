"""What the staff board shows: which days of whom, how, and who is to be fitted in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef

from bookings.availability import find_slots
from bookings.board import fitting
from bookings.board import layout as board
from bookings.board.schedule import Column
from bookings.instants import parse_day
from bookings.models import Appointment, Offer, Service, WaitlistEntry
from bookings.models.waitlist import EVERY_DAY, EVERY_PART, EntryState, OfferState, PartOfDay
from clinic.core import wording
from clinic.people.models import RunnerProfile

PLAIN = {"view": "day", "as": "board", "by": "people", "therapist": "", "pick": "", "service": "", "visit": ""}
VIEWS = ("day", "week", "month")
LOOK_AHEAD = timedelta(days=14)
WAITING_READ = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Which days the board shows and how.

    `view` is day, week or month, `form` board or table, `by` people or rooms, `person` the slug of one therapist.
    At most one of `pick` (a wish of the waitlist), `service` (a slug) and `visit` (a session to move) lights the gaps.
    """

    on: date
    view: str = "day"
    form: str = "board"
    by: str = "people"
    person: str = ""
    pick: str = ""
    service: str = ""
    visit: str = ""

    @property
    def days(self) -> list[date]:
        match self.view:
            case "month":
                return board.month_of(self.on)
            case "week":
                return board.week_of(self.on)
        return [self.on]

    @property
    def query(self) -> dict[str, str]:
        """What the address of the page says."""
        told = {
            "day": self.on.isoformat(),
            "view": self.view,
            "as": self.form,
            "by": self.by,
            "therapist": self.person,
            "pick": self.pick,
            "service": self.service,
            "visit": self.visit,
        }
        return {key: value for key, value in told.items() if value != PLAIN.get(key)}

    def url(self, **changes: object) -> str:
        """The same board with something changed."""
        query = self.query | {key: str(value) for key, value in changes.items()}
        return "?" + urlencode({key: value for key, value in query.items() if value != PLAIN.get(key)})

    @property
    def here(self) -> str:
        return self.url()

    @property
    def earlier(self) -> date:
        return self.days[0] - timedelta(days=7 if self.view == "week" else 1)

    @property
    def later(self) -> date:
        return self.days[-1] + timedelta(days=1)


def page_of(asked: Mapping[str, str], *, today: date) -> Page:
    """The page an address asks for; what cannot be read is as good as not asked."""
    view, pick, visit = (asked.get(key, "") for key in ("view", "pick", "visit"))
    page = Page(
        on=parse_day(asked.get("day")) or today,
        view=view if view in VIEWS else "day",
        form="table" if asked.get("as") == "table" and view != "month" else "board",
        by="rooms" if asked.get("by") == "rooms" else "people",
        person=asked.get("therapist", "")[:80],
        service=asked.get("service", "")[:60],
        pick=pick if is_id(pick) else "",
        visit=visit if is_id(visit) else "",
    )
    if page.visit:
        return replace(page, pick="", service="")
    return replace(page, service="") if page.pick else page


def is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom or what the lit gaps are for: a waiting person, a service, or a session that is to be moved."""

    service: Service
    runner: RunnerProfile | None = None
    entry: WaitlistEntry | None = None
    visit: Appointment | None = None

    @property
    def who(self) -> str:
        """ "Yusuf", "Follow-up"."""
        return self.runner.user.first_name if self.runner else self.service.name

    @property
    def rows(self) -> int:
        """How many rows of the board it takes."""
        return (self.visit or self.service).minutes // board.STEP_MIN

    @property
    def takes_time(self) -> bool:
        """Whether a time is looked for: not for a session that is over or has begun."""
        return self.visit is None or self.visit.state == Appointment.State.BOOKED

    def suits(self, start: datetime) -> bool:
        """Whether the start is one the waiting person wished for, by their own clock; anybody else takes any."""
        if self.entry is None or self.runner is None:
            return True
        return self.entry.suits(start.astimezone(self.runner.user.tz))

    def suits_with(self, column: Column) -> bool:
        """Whether the waiting person wished for this therapist, or for anyone."""
        return self.entry is None or self.entry.therapist_id in (None, column.pk)


def wanted_of(page: Page, entries: Sequence[WaitlistEntry], services: Sequence[Service]) -> Wanted | None:
    """Whom the page lights gaps for; None when nobody is picked, or who was is gone."""
    if page.visit:
        visit = Appointment.objects.standing().with_people().filter(pk=page.visit).first()
        return Wanted(visit.service, visit.runner, visit=visit) if visit else None
    if page.pick:
        entry = next((each for each in entries if str(each.pk) == page.pick), None)
        return Wanted(entry.service, entry.runner, entry=entry) if entry else None
    service = next((each for each in services if each.slug == page.service), None)
    return Wanted(service) if service and page.service else None


@dataclass(frozen=True, slots=True)
class Lit:
    """What was lit: how many gaps and the best of them. Where there is none, `ahead` is the next free time (start, column), and
    where there is none of those, `unwished` the next at another day or hour than wished for.
    """

    wanted: Wanted
    count: int
    best: fitting.Fit | None
    ahead: tuple[datetime, Column] | None = None
    unwished: tuple[datetime, Column] | None = None


def light_gaps(
    wanted: Wanted,
    lanes: Mapping[tuple[Any, date], board.Lane],
    columns: Sequence[Column],
    *,
    page: Page,
    now: datetime,
) -> Lit:
    """Light every gap of `lanes` that fits, through the one engine; when there is none, look a fortnight further."""
    zone = ZoneInfo(settings.CLINIC_ZONE)
    starts: dict[tuple[Any, date], list[datetime]] = {}
    for start, column in free_starts(wanted, columns, first=page.days[0], last=page.days[-1], now=now):
        if wanted.suits(start):
            starts.setdefault((column.key, start.astimezone(zone).date()), []).append(start)
    service, visit = wanted.service, wanted.visit
    before, after = timedelta(minutes=service.buffer_before_min), timedelta(minutes=service.buffer_after_min)
    length = visit.length if visit else service.length
    fits = [
        fit
        for key, found in starts.items()
        if key in lanes
        for fit in fitting.fits_of(lanes[key], found, length=length, before=before, after=after)
    ]
    best = fitting.light(fits)
    if fits:
        return Lit(wanted, len(fits), best)
    first = max(page.later, now.astimezone(zone).date())
    ahead = free_starts(wanted, columns, first=first, last=first + LOOK_AHEAD, now=now)
    wished = next((each for each in ahead if wanted.suits(each[0])), None)
    return Lit(wanted, 0, None, wished, ahead[0] if ahead and wished is None else None)


def free_starts(
    wanted: Wanted, columns: Sequence[Column], *, first: date, last: date, now: datetime
) -> list[tuple[datetime, Column]]:
    """Every free start for the wanted session with those of `columns` who are wished for, nearest first."""
    people = {column.pk: column for column in columns if column.person is not None and wanted.suits_with(column)}
    if not people:
        return []
    found = find_slots(
        service=wanted.service,
        therapists=[column.person for column in people.values() if column.person is not None],
        first=first,
        last=last,
        zone=settings.CLINIC_ZONE,
        runner=wanted.runner,
        now=now,
        moving=wanted.visit,
    )
    return [(slot.start, people[slot.therapist_id]) for slot in found]


def waiting() -> list[WaitlistEntry]:
    """The waitlist in its order, with its people; one query."""
    offered = Exists(Offer.objects.filter(entry=OuterRef("pk"), state=OfferState.OPEN))
    found = WaitlistEntry.objects.filter(state=EntryState.WAITING).annotate(is_offered=offered)
    return list(found.select_related("runner__user", "service", "therapist__user")[:WAITING_READ])


def wish_words(entry: WaitlistEntry) -> str:
    """ "Follow-up, 30 min, with Tomas. Evenings, Mon, Tue. Since 9 Nov"."""
    with_whom = f"with {entry.therapist.user.first_name}" if entry.therapist else "any therapist"
    place = "online" if entry.service.is_online else "clinic"
    first = f"{entry.service.name}, {entry.service.minutes} min, {place}, {with_whom}."
    parts = [part.label.split(",")[0] for part in PartOfDay if entry.parts & part]
    days = [wording.DAYS[n][:3] for n in range(7) if entry.weekdays >> n & 1]
    when = [] if entry.parts == EVERY_PART else [" and ".join(parts)]
    when += [] if entry.weekdays == EVERY_DAY else [", ".join(days)]
    since = entry.made_at.astimezone(ZoneInfo(settings.CLINIC_ZONE))
    told = f" {', '.join(when)}." if when else ""
    if getattr(entry, "is_offered", False):
        return f"{first} A time is offered: no answer yet."
    return f"{first}{told} Since {since.day} {wording.MONTHS[since.month - 1]}"
