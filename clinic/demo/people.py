"""The people of the demonstration, written in bulk: one password hash serves all of them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils.text import slugify

from clinic.demo.cast import DOMAIN, LEADS, LONG_HAIR, PASSWORD, RUNNERS, SHORT_HAIR, SHORT_HAIRED, STAFF, THERAPISTS
from clinic.people.models import Credential, Role, RunnerProfile, TherapistProfile, User

FIRST_VISIT_PENCE = 6800


@dataclass
class People:
    staff: list[User]
    therapists: list[TherapistProfile]
    runners: list[RunnerProfile]


def address(role: str, number: int) -> str:
    """runner@, runner2@, runner3@ …"""
    return f"{role}{number if number > 1 else ''}@{DOMAIN}"


def make_people(chance: Random, now: datetime) -> People:
    hashed = make_password(PASSWORD)
    users = [
        *(
            user(Role.RUNNER, number, name=name, zone=zone, hashed=hashed, now=now)
            for number, (name, zone) in enumerate(RUNNERS, 1)
        ),
        *(
            user(Role.THERAPIST, number, name=part.name, zone=part.zone, hashed=hashed, now=now)
            for number, part in enumerate(THERAPISTS, 1)
        ),
        *(
            user(Role.STAFF, number, name=name, zone="Europe/London", hashed=hashed, now=now)
            for number, name in enumerate(STAFF, 1)
        ),
    ]
    users = User.objects.bulk_create(users)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=each, email=each.email, verified=True, primary=True) for each in users
    )
    by_role = {role: [each for each in users if each.role == role] for role in Role.values}
    runners = RunnerProfile.objects.bulk_create(runner_profile(each, chance) for each in by_role[Role.RUNNER])
    therapists = TherapistProfile.objects.bulk_create(
        TherapistProfile(
            user=each,
            slug=slugify(part.name),
            headline=part.headline,
            bio=part.bio,
            specialisations=list(part.specialisations),
            languages=list(part.languages),
            rate_pence=FIRST_VISIT_PENCE,
        )
        for each, part in zip(by_role[Role.THERAPIST], THERAPISTS, strict=True)
    )
    Credential.objects.bulk_create(
        Credential(therapist=therapist, name=name, issuer=issuer, year=year)
        for therapist, part in zip(therapists, THERAPISTS, strict=True)
        for name, issuer, year in part.credentials
    )
    return People(by_role[Role.STAFF], therapists, runners)


def user(role: str, number: int, *, name: str, zone: str, hashed: str, now: datetime) -> User:
    joined = now - timedelta(days=140 if role != Role.RUNNER else max(2, 135 - 2.25 * number))
    return User(
        email=address(role, number),
        name=name,
        role=role,
        zone=zone,
        portrait=portrait_for(name),
        password=hashed,
        date_joined=joined,
    )


def portrait_for(name: str) -> int:
    """One of the drawn portraits that suits the part, always the same."""
    if name in LEADS:
        return LEADS[name]
    drawn = SHORT_HAIR if name in SHORT_HAIRED else LONG_HAIR
    return drawn[sum(map(ord, name)) % len(drawn)]


def runner_profile(each: User, chance: Random) -> RunnerProfile:
    born = date(chance.randint(1962, 2003), chance.randint(1, 12), chance.randint(1, 28))
    return RunnerProfile(
        user=each,
        phone=f"0117 496 0{chance.randint(100, 999)}",
        birth_date=born,
        exercise_reminder_at=chance.choice([time(7, 15), time(12), time(18), time(19, 30)]),
    )
