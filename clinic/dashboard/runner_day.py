"""A runner's day: the next session and workshop, whether to run, today's exercises, how the last two weeks went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from assessments.models import Intake
from bookings.models import Appointment
from clinic.core.wording import greeting, long_day
from clinic.dashboard.charts import DayMark, PainChart, day_marks, pain_chart
from clinic.dashboard.logged import Fortnight, fortnights
from clinic.dashboard.verdict import Verdict, can_i_run
from clinic.people.models import RunnerProfile
from exercises import doses
from exercises.models import Programme
from exercises.pain import light
from exercises.today import Row, rows_of

JOIN_FIRST = timedelta(hours=2)  # from then on what is next stands above everything, with its button


@dataclass(frozen=True)
class RunnerDay:
    now: datetime
    on: date
    zone: str
    greeting: str
    name: str
    verdict: Verdict | None  # None before there is anything to answer from
    session: Appointment | None
    workshop: Appointment | None
    rows: Sequence[Row]
    programme: Programme | None
    intake: Intake | None
    seen: bool  # has had a session
    logged: Fortnight
    pain: PainChart | None
    days: Sequence[DayMark]

    @property
    def coming(self) -> list[Appointment]:
        """The next session and the next workshop, the nearer one first."""
        return sorted((each for each in (self.session, self.workshop) if each is not None), key=lambda each: each.start)

    @property
    def near(self) -> list[Appointment]:
        return [each for each in self.coming if each.start - self.now <= JOIN_FIRST]

    @property
    def later(self) -> list[Appointment]:
        return [each for each in self.coming if each.start - self.now > JOIN_FIRST]

    @property
    def joins(self) -> Appointment | None:
        """What the page's first button leads into."""
        return next((each for each in self.near if each.is_online), None)

    @property
    def done(self) -> int:
        return sum(row.done for row in self.rows)

    @property
    def minutes_left(self) -> int:
        return doses.minutes(row.prescription for row in self.rows if not row.done)

    @property
    def stops(self) -> bool:
        """Whether pain logged today says to stop, so that nothing more is asked for today."""
        return any(each.on == self.on and light(each.pain) == "red" for each in self.logged.pains)

    @property
    def week(self) -> int:
        return self.programme.week_on(self.on) if self.programme else 0

    @property
    def weeks(self) -> int:
        """Planned weeks; the last phase may run on after them."""
        return self.programme.weeks if self.programme else 0

    @property
    def phase(self) -> Any:
        return self.programme.phase_on(self.on) if self.programme else None

    @property
    def week_words(self) -> str:
        return f"Week {self.week}" + (f" of {self.weeks}" if self.week <= self.weeks else "")

    @property
    def starts_words(self) -> str:
        return f"{long_day(self.programme.starts_on)}." if self.programme else ""

    @property
    def programme_url(self) -> str:
        return self.programme.get_absolute_url() if self.programme else ""

    @property
    def next_day(self) -> date | None:
        """The next day with exercises, within a week."""
        coming = (self.on + timedelta(days=n) for n in range(1, 8))
        return next((on for on in coming if self.falls_on(on)), None)

    def falls_on(self, on: date) -> bool:
        phase = self.programme.phase_on(on) if self.programme else None
        return phase is not None and any(doses.falls_on(each.days, on) for each in phase.prescriptions.all())

    @property
    def wait_words(self) -> str:
        if self.session is None:
            return ""
        return f"{self.session.therapist.user.first_name} builds it after your session, usually the same day. Until then, the library shows what is to come."

    @property
    def step(self) -> str:
        """What a runner without a programme does next: "intake", "book", "wait" for the session or for the programme."""
        if self.programme is not None:
            return ""
        if self.intake is None:
            return "intake"
        return "wait" if self.session is not None or self.seen else "book"


def for_runner(runner: RunnerProfile, *, now: datetime) -> RunnerDay:
    """The day of `runner`, by the clock of their own zone."""
    zone = runner.user.zone
    on = now.astimezone(ZoneInfo(zone)).date()
    sessions = Appointment.objects.filter(runner=runner)
    logged = fortnights([runner], until=on)[runner.pk]
    intake = Intake.objects.filter(runner=runner).first()
    programme = Programme.objects.active().of(runner).with_plan().first()
    session = sessions.upcoming(now).with_people().first()
    flagged = intake is not None and intake.blocks
    asked = programme is not None or bool(logged.pains) or flagged
    return RunnerDay(
        now=now,
        on=on,
        zone=zone,
        greeting=greeting(now, zone),
        name=runner.user.first_name,
        verdict=can_i_run(pains=logged.pains, today=on, red_flags=flagged) if asked else None,
        session=session,
        workshop=Appointment.objects.seated(runner, now).with_people().first(),
        rows=rows_of(programme, on) if programme else [],
        programme=programme,
        intake=intake,
        seen=programme is not None or sessions.past(now).exclude(state="cancelled").exists(),
        logged=logged,
        pain=pain_chart(logged.pains, on),
        days=day_marks(logged.days),
    )
