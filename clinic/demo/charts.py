"""Intakes and assessments: entered and signed through the services, so that the findings are the engine's own."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from assessments.catalogue import LEFT, RIGHT, WHOLE, catalogue
from assessments.models import Assessment, Intake, Recommendation
from assessments.readings import Key
from assessments.services import answer_intake, decide, save_draft, sign, start_assessment
from bookings.models import Appointment
from clinic.demo.complaints import BOTH_SIDES, COMPLAINTS, FOOT_ITEMS, SHOES, WHOLE_BODY, Complaint
from clinic.people.models import RunnerProfile, TherapistProfile, User

NOTES = (
    "Filmed on the treadmill at easy pace, side and behind. Shoes as usual.",
    "Home video at easy pace, good light. Repeat from behind next time.",
    "Outdoors, flat road. Runner felt fresh.",
)


def complaint_of(number: int) -> Complaint:
    """The complaint of the runner with this number (0 is runner@)."""
    return COMPLAINTS[number % len(COMPLAINTS)]


def side_of(number: int) -> str:
    return LEFT if number % 2 == 0 else RIGHT


def answer(runner: RunnerProfile, number: int, chance: Random, at: datetime, *, flags: tuple[str, ...] = ()) -> Intake:
    complaint = complaint_of(number)
    return answer_intake(
        runner=runner,
        by=runner.user,
        goal=complaint.goal,
        weekly_km=Decimal(chance.randint(8, 62)),
        regions=[f"{complaint.region}_{side_of(number)}"],
        pain=complaint.pain[0],
        red_flags=flags,
        note=chance.choice(
            ["", "", "Since I ran more hills.", "Comes after 3 km, goes by evening.", "Worse downhill."]
        ),
        now=at,
    )


def values_at(number: int, progress: float, chance: Random) -> dict[Key, str]:
    """What is measured when the runner is `progress` (0 to 1) of the way from the first to the last state."""
    complaint, involved = complaint_of(number), side_of(number)
    typed: dict[Key, str] = {}
    for name, usual in BOTH_SIDES.items():
        for side in (LEFT, RIGHT):
            first, last = complaint.worse.get(name, (usual, usual)) if side == involved else (usual, usual)
            typed[name, side] = shown(name, first + (last - first) * progress, chance)
    for name, usual in WHOLE_BODY.items():
        first, last = complaint.body.get(name, (usual, usual))
        typed[name, WHOLE] = shown(name, first + (last - first) * progress, chance)
    pain = round(complaint.pain[0] + (complaint.pain[1] - complaint.pain[0]) * progress)
    typed |= {
        ("pain_during", WHOLE): str(pain),
        ("pain_after", WHOLE): str(max(0, pain - 1)),
        ("pain_morning", WHOLE): str(max(0, pain - 2)),
        ("pain_morning_usual", WHOLE): "0",
        ("norm_sex", WHOLE): "female" if number % 3 else "male",
        ("shoe_model", WHOLE): SHOES[number % len(SHOES)],
        ("shoe_age", WHOLE): str(6 + round(4 * progress)),
        ("shoe_km", WHOLE): str(340 + round(330 * progress)),
    }
    words = {
        "foot_strike": ("rearfoot", "rearfoot"),
        "landing": ("under", "under"),
        "single_leg_squat": ("good", "good"),
    }
    words |= {"base": ("apart", "apart"), "sound": ("normal", "normal"), "shoe_wear": ("outer_heel", "outer_heel")}
    for name, (first_word, last_word) in (words | complaint.words).items():
        word = first_word if progress < 0.6 else last_word
        for side in (LEFT, RIGHT) if catalogue()[name].two_sided else (WHOLE,):
            typed[name, side] = words[name][0] if side not in (involved, WHOLE) and name in words else word
    typed |= {(name, WHOLE): word for name, word in complaint.other_words.items()}
    high = complaint.region == "foot"
    for place, item in enumerate(FOOT_ITEMS):
        for side in (LEFT, RIGHT):
            typed[item, side] = str((1 + place % 2) if high and side == involved else place % 2)
    return typed


def shown(name: str, value: float, chance: Random) -> str:
    """`value` with the scatter of a measurement, as it is typed, inside what is usual."""
    measure = catalogue()[name]
    value += chance.gauss(0, abs(value) * 0.015 + 0.05)
    if measure.usual:
        low, high = (float(limit) for limit in measure.usual)
        value = min(max(value, low), high)
    return f"{value:.{measure.decimals}f}"


def assess(
    *,
    runner: RunnerProfile,
    therapist: TherapistProfile,
    number: int,
    progress: float,
    chance: Random,
    at: datetime,
    session: Appointment | None = None,
    signed: bool = True,
) -> Assessment:
    """One assessment of the day `at`, signed that evening unless it stays a draft."""
    by: User = therapist.user
    draft = start_assessment(runner=runner, by=by, now=at, appointment=session)
    details = {
        "involved_side": side_of(number),
        "speed_kmh": Decimal("9.5") + Decimal(number % 5) / 2,
        "steps": 10,
        "note": chance.choice(NOTES),
    }
    typed = values_at(number, progress, chance)
    if not signed:
        typed = {
            key: value for key, value in typed.items() if catalogue()[key[0]].section not in ("flexibility", "footwear")
        }
    saved = save_draft(assessment=draft, by=by, now=at, typed=typed, details=details, all_or_nothing=True)
    if saved.asked:
        save_draft(
            assessment=draft, by=by, now=at, typed={key: typed[key] for key in saved.asked}, confirmed=saved.asked
        )
    if not signed:
        return saved.assessment
    return sign(assessment=saved.assessment, by=by, now=at + timedelta(minutes=40))


def decide_offers(assessment: Assessment, by: User, now: datetime, *, most: int) -> list[str]:
    """Accept the first `most` exercises and the first cue, decline one; the slugs of the accepted exercises."""
    offers = list(
        Recommendation.objects.filter(finding__assessment=assessment)
        .select_related("finding__assessment__runner")
        .order_by("finding__position", "position")
    )
    exercises = [offer for offer in offers if offer.kind == Recommendation.Kind.EXERCISE]
    chosen: dict[str, Recommendation] = {}
    for offer in exercises:
        chosen.setdefault(offer.text, offer)
    accepted = list(chosen.values())[:most]
    cues = [offer for offer in offers if offer.kind == Recommendation.Kind.CUE][:1]
    for offer in (*accepted, *cues):
        decide(recommendation=offer, by=by, decision=Recommendation.Decision.ACCEPTED, now=now)
    for offer in list(chosen.values())[most : most + 1]:
        decide(recommendation=offer, by=by, decision=Recommendation.Decision.DECLINED, now=now)
    return [offer.text for offer in accepted]


def sessions_by_runner(rows: list[Appointment]) -> dict[UUID, list[Appointment]]:
    """Sessions that took place, by runner, oldest first."""
    found: dict[UUID, list[Appointment]] = {}
    for row in sorted(rows, key=lambda row: row.start):
        if row.state == Appointment.State.COMPLETED:
            found.setdefault(row.runner.pk, []).append(row)
    return found
