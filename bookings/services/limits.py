"""Where a therapist's clock runs on some days, and how many sessions a day they take."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from bookings.models import Appointment, DailyCap, Offer, Service, Travel
from bookings.services.hours import require_keeper, require_near, today_of, validate
from bookings.services.stranded import Stranded, settle_outside
from bookings.services.transactions import lock_therapist, whole
from bookings.zones import is_zone
from clinic.audit.services import record
from clinic.core.errors import DomainError
from clinic.people.models import TherapistProfile, User

LONGEST_JOURNEY_DAYS = 366


class TravelSet(NamedTuple):
    """The journey; the booked sessions outside the hours under its clock; the holds and the offers that ended."""

    travel: Travel
    hit: list[Appointment]
    holds: list[Appointment]
    offers: list[Offer]


@whole
def set_travel(
    *, therapist: TherapistProfile, zone: str, first: date, last: date, by: User, now: datetime
) -> TravelSet:
    """From the day `first` to `last` (both included) the therapist's hours go by the clock of `zone`.

    Booked sessions keep their instants; those now outside the hours are returned; holds and open offers there end. The same journey twice is one.
    Raises DomainError `unknown_zone`, `bad_days`, `in_the_past`, `too_far`, `overlapping_travel`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    if not is_zone(zone):
        sentence = "We do not know this time zone. Pick a city near the therapist."
        raise DomainError(sentence, code="unknown_zone", fields={"zone": sentence})
    today = today_of(therapist, now)
    if last < first or (last - first).days > LONGEST_JOURNEY_DAYS:
        sentence = "The last day comes after the first, and a journey lasts a year at most."
        raise DomainError(sentence, code="bad_days", fields={"last": sentence})
    if last < today:
        sentence = "Those days are over. Enter a journey that is still to come."
        raise DomainError(sentence, code="in_the_past", fields={"last": sentence})
    require_near(first, today, "first")
    other = Travel.objects.filter(therapist=therapist, first__lte=last, last__gte=first).first()
    if other is not None and (other.zone, other.first, other.last) != (zone, first, last):
        sentence = "Another journey is entered for some of these days. Take it back first, or change the days."
        raise DomainError(sentence, code="overlapping_travel", fields={"first": sentence})
    travel = other or Travel(therapist=therapist, zone=zone, first=first, last=last)
    if other is None:
        validate([travel])
        travel.save()
        changes = {"zone": [therapist.user.zone, zone], "first": [None, first], "last": [None, last]}
        record(by=by, action="travel.set", subject=travel, changes=changes)
    return TravelSet(travel, *settle_outside(therapist, first=max(first, today), last=last, by=by, now=now))


@whole
def remove_travel(*, travel: Travel, by: User, now: datetime) -> Stranded:
    """The hours from today on go by the home clock again; returns what that leaves outside them.

    A journey that has begun ends yesterday: the days that were worked by its clock, and the reports on them, stay as they
    were. One that is over changes nothing. Raises Forbidden `not_yours`.
    """
    therapist = travel.therapist
    require_keeper(by, therapist)
    lock_therapist(therapist)
    today, last = today_of(therapist, now), travel.last
    if last < today:
        return Stranded([], [], [])
    if travel.first < today:
        travel.last = today - timedelta(days=1)
        record(by=by, action="travel.ended", subject=travel, changes={"last": [last, travel.last]})
        travel.save(update_fields=["last"])
    else:
        changes = {"zone": [travel.zone, None], "first": [travel.first, None], "last": [last, None]}
        record(by=by, action="travel.removed", subject=travel, changes=changes)
        travel.delete()
    return settle_outside(therapist, first=max(travel.first, today), last=last, by=by, now=now)


@whole
def set_daily_cap(
    *, therapist: TherapistProfile, service: Service | None, most: int | None, by: User
) -> DailyCap | None:
    """The therapist takes at most `most` sessions of `service` (None: of all) on a day; `most` None takes the limit back.

    What is booked stays, also where it is more. Raises DomainError `bad_cap`, `not_offered`; Forbidden `not_yours`.
    """
    require_keeper(by, therapist)
    lock_therapist(therapist)
    if most is not None and not 1 <= most <= 50:
        sentence = "A limit is between 1 and 50 sessions a day."
        raise DomainError(sentence, code="bad_cap", fields={"most": sentence})
    if most is not None and service is not None and not service.therapists.filter(pk=therapist.pk).exists():
        sentence = f"{therapist} does not offer this session. Choose another."
        raise DomainError(sentence, code="not_offered", fields={"service": sentence})
    standing = DailyCap.objects.filter(therapist=therapist, service=service).first()
    before = standing.most if standing is not None else None
    if before == most:
        return standing
    changes = {"most": [before, most], "service": [None, service.slug if service else "all"]}
    record(by=by, action="daily_cap.set", subject=standing or therapist, changes=changes)
    if most is None:
        DailyCap.objects.filter(therapist=therapist, service=service).delete()
        return None
    cap = standing or DailyCap(therapist=therapist, service=service)
    cap.most = most
    cap.save()
    return cap
