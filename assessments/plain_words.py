"""What an assessment says to the runner: what stands out, why, what to do; in their words, with nothing left undecided."""

from dataclasses import dataclass
from typing import Any

from assessments.catalogue import LEFT
from assessments.frames import stride_frames
from assessments.models import Assessment, Recommendation
from assessments.readings import Readings
from assessments.record import previous, readings_of
from clinic.people.models import RunnerProfile
from exercises.figures.measured import Frame
from exercises.models import Exercise


@dataclass(frozen=True)
class Told:
    """`points` are sentences with what was accepted for them; `better` is what has really changed since last time;
    `frames` are the moments of the stride that were measured."""

    assessment: Assessment
    points: tuple[dict[str, Any], ...]
    better: tuple[str, ...]
    frames: tuple[Frame, ...]


def told(assessment: Assessment) -> Told:
    """The signed `assessment` for its runner. Findings with the same sentence are said once."""
    findings = list(assessment.findings.prefetch_related("recommendations"))
    accepted = [
        [offer for offer in finding.recommendations.all() if offer.decision == Recommendation.Decision.ACCEPTED]
        for finding in findings
    ]
    slugs = {offer.text for offers in accepted for offer in offers if offer.kind == Recommendation.Kind.EXERCISE}
    library = Exercise.objects.in_bulk(slugs, field_name="slug")
    points: dict[str, dict[str, Any]] = {}
    named: set[str] = set()
    for finding, offers in zip(findings, accepted, strict=True):
        point = points.setdefault(
            finding.lay, {"sentence": finding.lay, "exercises": [], "words": [], "verdict": finding.verdict}
        )
        for offer in offers:
            if offer.text in named:
                continue
            named.add(offer.text)
            if offer.kind == Recommendation.Kind.EXERCISE:
                point["exercises"] += [library[offer.text]] if offer.text in library else []
            elif offer.kind == Recommendation.Kind.CADENCE:
                point["words"].append(f"Aim for {offer.target} steps a minute at your usual speed.")
            elif offer.kind == Recommendation.Kind.CUE:
                point["words"].append(f"Think: “{offer.text.lower()}”.")
            else:
                point["words"].append(f"{offer.text}.")
    before = previous(assessment)
    readings = readings_of(assessment, readings_of(before) if before else None)
    frames = stride_frames(readings, assessment.involved_side or LEFT)
    return Told(
        assessment,
        tuple(points.values()),
        tuple(improvements(readings)),
        tuple(each for each in frames if each.measured),
    )


def improvements(readings: Readings) -> list[str]:
    """What really changed for the better, each with both numbers; changes within the error of a measure are no news."""
    found = []
    for key, side in readings.values:
        measure, change = readings.book[key], readings.change(key, side)
        if change is None or not change.is_real or readings.before is None:
            continue
        low, high = readings.low_end(measure), readings.high_end(measure)
        was, now = readings.before.get(key, side), readings.get(key, side)
        if was is None or now is None:
            continue
        to_band = measure.better == "band" and (
            (low is not None and was < low and change.by > 0) or (high is not None and was > high and change.by < 0)
        )
        up = measure.better == "higher" and change.by > 0
        down = measure.better == "lower" and change.by < 0
        if up or down or to_band:
            where = f", {side}" if side != "none" else ""
            found.append(
                f"{measure.lay.capitalize()}{where}: from {measure.with_unit(was)} to {measure.with_unit(now)}."
            )
    return found


def latest_told(runner: RunnerProfile) -> Told | None:
    """What the last signed assessment says to `runner`, None before the first."""
    last = (
        Assessment.objects.signed()
        .of(runner)
        .select_related("runner", "therapist__user")
        .order_by("-signed_at")
        .first()
    )
    return told(last) if last else None
