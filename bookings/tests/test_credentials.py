"""A service that needs a credential is given by those who hold it alone: listed, booked, moved and replanned by one rule."""

from datetime import time, timedelta

import pytest

from bookings.availability import find_slots
from bookings.engine.diaries import offering, offering_each
from bookings.models import Service, WeeklyHours
from bookings.replan import Case, Option, judged
from bookings.services import book_slot, move_appointment
from bookings.services.catalogue import save_service
from bookings.services.proposing import propose
from clinic.core.errors import DomainError
from clinic.people.models import Credential

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
COURSE = "Treadmill gait course"
HOUR = 3600


@pytest.fixture
def lab(visit, therapist, other_therapist) -> Service:
    """The follow-up needs a course that Nadia holds and Tomas does not; both offer it, and both work on weekdays."""
    Credential.objects.create(therapist=therapist.therapist, name=COURSE)
    visit.therapists.add(other_therapist.therapist)
    visit.credential = COURSE
    visit.save()
    for day in range(5):
        WeeklyHours.objects.create(
            therapist=other_therapist.therapist, weekday=day, starts=time(9), ends=time(17), valid_from="2026-01-01"
        )
    return visit


def refusal(act) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


def test_only_who_holds_it_is_listed_booked_and_moved_to(
    lab, therapist, other_therapist, runner, staff, thursday, now
) -> None:
    day = thursday.date()
    listed = find_slots(service=lab, first=day, last=day, zone="Europe/London", runner=runner.runner, now=now)
    assert {slot.therapist_id for slot in listed} == {therapist.therapist.pk}
    asked = {"service": lab, "runner": runner.runner, "start": thursday, "by": staff, "now": now}
    assert refusal(lambda: book_slot(therapist=other_therapist.therapist, **asked)) == "not_offered"
    session = book_slot(therapist=None, **asked)
    assert session.therapist == therapist.therapist
    to = {"start": thursday, "therapist": other_therapist.therapist, "by": staff, "now": now}
    assert refusal(lambda: move_appointment(appointment=session, **to)) == "not_offered"


@pytest.mark.parametrize("held", [True, False])
def test_every_way_to_ask_who_offers_it_agrees(lab, therapist, other_therapist, held) -> None:
    if held:
        Credential.objects.create(therapist=other_therapist.therapist, name=COURSE)
        Credential.objects.create(therapist=other_therapist.therapist, name=COURSE, issuer="Twice")
    people = {therapist.therapist} | ({other_therapist.therapist} if held else set())
    assert sorted(offering(lab), key=lambda each: each.pk) == sorted(people, key=lambda each: each.pk)
    assert set(offering_each([lab])[lab.pk].values()) == people
    assert {each for each in lab.therapists.all() if lab.is_for(each)} == people


def test_a_lapsed_credential_keeps_what_is_booked(lab, therapist, runner, thursday, now) -> None:
    session = book_slot(
        service=lab, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    therapist.therapist.credentials.all().delete()
    later = thursday + timedelta(minutes=45)
    assert move_appointment(appointment=session, start=later, by=runner, now=now).start == later


def test_the_catalogue_names_who_does_not_hold_it(lab, therapist, other_therapist, staff) -> None:
    both = [therapist.therapist, other_therapist.therapist]
    with pytest.raises(DomainError) as refused:
        save_service(service=lab, rules={"name": "Run lab", "credential": COURSE}, therapists=both, by=staff)
    lab.refresh_from_db()
    assert (refused.value.code, lab.name) == ("no_credential", "Follow-up")
    assert refused.value.fields["therapists"].startswith(f"Tomas Reinholt does not hold “{COURSE}”.")
    save_service(service=lab, rules={"name": "Run lab", "credential": ""}, therapists=both, by=staff)
    assert set(offering(lab)) == set(both)


def test_the_page_of_a_service_offers_the_credentials_of_the_team(lab, desk) -> None:
    page = desk.get(f"/services/{lab.slug}/").content.decode()
    assert f'<option value="{COURSE}" selected>' in page


def test_the_directory_lists_what_a_therapist_may_give(lab, therapist, other_therapist, client) -> None:
    assert "Follow-up" in client.get(f"/therapists/{therapist.therapist.slug}/").content.decode()
    assert "Follow-up" not in client.get(f"/therapists/{other_therapist.therapist.slug}/").content.decode()
    [service] = client.get("/api/v1/services/").json()["results"]
    assert service["therapists"] == [therapist.therapist.slug]


def test_a_day_that_falls_apart_goes_to_nobody_without_it(
    lab, therapist, other_therapist, runner, thursday, now
) -> None:
    book_slot(service=lab, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now)
    away = {"therapist": therapist.therapist, "start": now, "end": thursday + timedelta(days=10), "now": now}
    [row] = propose(**away)
    assert {place.therapist for place in [row.best, *row.others] if place} <= {therapist.therapist}
    Credential.objects.create(therapist=other_therapist.therapist, name=COURSE)
    [row] = propose(**away)
    assert (row.best.therapist, row.best.start) == (other_therapist.therapist, thursday)
    assert row.best.reasons[0] == f"another therapist, who holds {COURSE} too"


def test_who_shares_more_comes_before_who_shares_fewer() -> None:
    case = Case("a", "a", 1, 1, 9 * HOUR, 10 * HOUR, shares={2: ["A"], 3: ["A", "B"], 4: ["A", "B", "C"]})
    costs = [judged(case, Option(therapist, 9 * HOUR)).cost for therapist in (1, 2, 3, 4, 5)]
    assert costs == [0, 27, 24, 24, 30]
    assert judged(case, Option(3, 9 * HOUR)).reasons[0] == "another therapist, who holds A and B too"
