"""What suits a runner in general: their times marked, the therapist they know first. It orders and marks, and hides nothing."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bookings.availability import Slot
from bookings.models import Appointment, Service, TimePreference
from clinic.people.models import RunnerProfile


class HasKey(Protocol):
    """Anything with a primary key, as a therapist."""

    @property
    def pk(self) -> int: ...


Person = TypeVar("Person", bound=HasKey)


class Likes(NamedTuple):
    """A runner's usual times on the clock of `zone`, and the therapist who comes first for a service (None: nobody)."""

    times: TimePreference
    zone: str
    therapist_id: int | None


class Marked(NamedTuple):
    """A free time, and whether it is one of those that suit the runner."""

    slot: Slot
    suits: bool


def likes_of(runner: RunnerProfile, service: Service) -> Likes:
    """The runner's likes for `service` (two queries): for a follow-up the therapist of their last session comes first."""
    times = TimePreference.objects.filter(runner=runner).first() or TimePreference(runner=runner)
    known = None
    if times.same_therapist and not service.is_first_visit:
        seen = Appointment.objects.standing().filter(runner=runner).order_by("-start")
        known = seen.values_list("therapist_id", flat=True).first()
    return Likes(times, runner.user.zone, known)


def marked(slots: Iterable[Slot], likes: Likes) -> list[Marked]:
    """Each free time in its order, with whether it suits."""
    zone = ZoneInfo(likes.zone)
    return [Marked(slot, likes.times.suits(slot.start.astimezone(zone))) for slot in slots]


def suiting_first(slots: Iterable[Slot], likes: Likes) -> list[Slot]:
    """The same free times: those that suit first, of them those with the known therapist, then the nearest."""
    ranked = sorted(
        marked(slots, likes), key=lambda each: (not each.suits, each.slot.therapist_id != likes.therapist_id)
    )
    return [each.slot for each in ranked]


def known_first(people: Sequence[Person], likes: Likes) -> list[Person]:
    """The therapists as they came, but the one the runner knows first."""
    return sorted(people, key=lambda person: person.pk != likes.therapist_id)
