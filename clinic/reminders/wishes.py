"""What people want to be told: read for a whole batch at once."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from clinic.reminders.kinds import Kind
from clinic.reminders.models import Preference, Reminder, Rhythm
from clinic.reminders.quiet import quiet_until


class Wishes:
    """The preferences and rhythms of everybody in a batch, in two queries."""

    def __init__(self, reminders: Iterable[Reminder]) -> None:
        people = {reminder.person_id for reminder in reminders}
        self.unwanted = set(
            Preference.objects.filter(person__in=people, wanted=False).values_list("person_id", "kind", "channel")
        )
        self.rhythms = {rhythm.person_id: rhythm for rhythm in Rhythm.objects.filter(person__in=people)}

    def rhythm_of(self, reminder: Reminder) -> Rhythm:
        return self.rhythms.get(reminder.person_id) or Rhythm(person_id=reminder.person_id)

    def refusal(self, reminder: Reminder, kind: Kind, now: datetime) -> str:
        """Why the person does not want this message, or ""."""
        if kind.transactional:
            return ""
        if (reminder.person_id, reminder.kind, reminder.channel) in self.unwanted:
            return "Turned off by the person."
        paused_until = self.rhythm_of(reminder).paused_until
        if kind.capped and paused_until and now.astimezone(ZoneInfo(reminder.person.zone)).date() < paused_until:
            return "Messages are paused."
        return ""

    def quiet_until(self, reminder: Reminder, kind: Kind, now: datetime) -> datetime | None:
        """When the person's quiet hours end, if it is quiet now and this kind keeps to them."""
        if kind.transactional:
            return None
        rhythm = self.rhythm_of(reminder)
        return quiet_until(now, zone=reminder.person.zone, quiet_from=rhythm.quiet_from, quiet_to=rhythm.quiet_to)

    def cap(self, reminder: Reminder, kind: Kind) -> int | None:
        """How many messages a day, where this kind counts; None where it does not."""
        return self.rhythm_of(reminder).daily_cap if kind.capped and not kind.transactional else None
