"""The directory: who can be booked, narrowed by what hurts, when, where and language."""

import re
from datetime import time

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings.models import Service, WeeklyHours
from clinic.people.models import TherapistProfile, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("visit", "hours", "clock")]


def slots_on(page: str) -> list[str]:
    return sorted(set(re.findall(r'name="slot" value="([^"]+)"', page)))


def test_the_directory_shows_who_when_and_for_how_much(client: Client, therapist: User) -> None:
    TherapistProfile.objects.filter(user=therapist).update(
        specialisations=["knee"], languages=["English", "Swahili"], headline="Marathon, 3:21"
    )
    page = client.get("/therapists/").content.decode()
    assert "Nadia Okello" in page
    assert "Marathon, 3:21" in page
    assert "English, Swahili" in page
    assert "£68" in page
    assert slots_on(page)[0] == "2026-11-24T11:15Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("need=knee", 1),
        ("need=elbow", 0),
        ("language=swahili", 1),
        ("need=knee&language=Welsh", 0),
        ("need=%F0%9F%8F%83", 0),
    ],
)
def test_the_directory_narrows_by_need_and_language(client: Client, therapist: User, query: str, found: int) -> None:
    TherapistProfile.objects.filter(user=therapist).update(specialisations=["knee"], languages=["English", "Swahili"])
    page = client.get(f"/therapists/?{query}").content.decode()
    assert page.count('<article class="who">') == found
    assert ("Nobody fits all of that" in page) is (found == 0)


def test_the_directory_offers_only_what_narrows(client: Client, visit: Service, therapist: User) -> None:
    for name, languages in (("Ada", ["English", "Welsh"]), ("Ben", ["English"])):
        user = User.objects.create_user(f"{name}@mail.example", name=name, role="therapist")
        visit.therapists.add(TherapistProfile.objects.create(user=user, slug=name.lower(), languages=languages))
    TherapistProfile.objects.filter(user=therapist).update(languages=["English"], specialisations=["knee"])
    page = client.get("/therapists/").content.decode()
    assert re.findall(r'class="facet" href="([^"]+)"', page) == [
        "?need=knee",
        "?when=morning",
        "?when=week",
        "?language=Welsh",
    ]
    chosen = client.get("/therapists/?when=evening&language=Welsh").content.decode()
    assert "Nobody fits all of that" in chosen
    assert re.findall(r'href="([^"]+)" aria-current="true"', chosen)[-2:] == ["?language=Welsh", "?when=evening"]


def test_the_directory_shows_times_of_the_part_of_the_day_and_the_place_asked_for(
    client: Client, visit: Service, therapist: User
) -> None:
    assert slots_on(client.get("/therapists/?when=evening").content.decode()) == []
    there = Service.objects.create(slug="there", name="In person", minutes=45, place="clinic", price_pence=7000)
    there.therapists.add(therapist.therapist)
    page = client.get("/therapists/?where=clinic&when=morning").content.decode()
    assert "in person 45 min, £70" in page
    assert slots_on(page)[0] == "2026-11-24T11:00Z"
    assert all(at[11:] < "12" for at in slots_on(page))


def test_the_directory_asks_the_database_as_often_for_three_as_for_one(
    client: Client, visit: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/therapists/")
    with django_assert_num_queries(7):
        client.get("/therapists/")
    for name in ("Ada", "Ben"):
        user = User.objects.create_user(f"{name}@mail.example", name=name, role="therapist")
        person = TherapistProfile.objects.create(user=user, slug=name.lower())
        visit.therapists.add(person)
        WeeklyHours.objects.create(therapist=person, weekday=4, starts=time(9), ends=time(17))
    with django_assert_num_queries(7):
        client.get("/therapists/")
