"""Finding a runner by what was heard on the phone: name, address or number, with slips of the ear and the finger."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from clinic.core.errors import Conflict
from clinic.people.models import RunnerProfile

FOUND_AT_MOST = 8
DOUBLES_AT_MOST = 4
SHORT_WORD = 3
"""A word up to this long has to occur as it is typed."""
CLOSE = 75.0
"""From 0 to 100: how much of a word has to agree with a part of the name."""
PHONE_DIGITS = 4
"""So many digits are taken for a part of a phone number."""


class Row(NamedTuple):
    """What is known of a runner, folded for comparing."""

    user_id: int
    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Double:
    """Somebody we know who may be the person just described, and why; `is_certain` when the address is theirs."""

    runner: RunnerProfile
    why: str
    is_certain: bool = False


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Small letters without accents: "Zoë Ångström" is "zoe angstrom"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@lru_cache(maxsize=50_000)
def number(phone: str) -> str:
    """The digits that tell one number from another: +44 7700 900123, 0044..., (0)7700... and 07700 900123 are the same."""
    digits = "".join(letter for letter in phone if letter.isdecimal()).removeprefix("00")
    if digits.startswith("44") and len(digits) > 10:
        digits = digits[2:]
    return digits.removeprefix("0")


def find_runners(*, words: str) -> list[RunnerProfile]:
    """Runners who fit all of `words`, the best first, at most 8; two queries. For the front desk."""
    asked = fold(words).split()
    digits = number(words)
    by_number = len(digits) >= PHONE_DIGITS and not any(letter.isalpha() for letter in words)
    if not asked or (len(words.strip()) < 2 and not by_number):
        return []
    rows = _rows()
    scores = _by_number(rows, digits) if by_number else _by_words(rows, asked)
    best = sorted(scores, key=lambda place: (-scores[place], rows[place].name))[:FOUND_AT_MOST]
    return _in_order([rows[place].user_id for place in best])


def doubles_of(*, name: str, email: str, phone: str) -> list[Double]:
    """Runners who may be the same person: the same or nearly the same address, the same number, the same name."""
    rows = _rows()
    mine = Row(0, fold(" ".join(name.split())), email.strip().lower(), number(phone))
    alike = [(told, row) for row in rows if (told := _alike(mine, row)) is not None]
    alike.sort(key=lambda each: (each[0][0], each[1].name))
    nearest = alike[:DOUBLES_AT_MOST]
    people = {each.user_id: each for each in _in_order([row.user_id for _, row in nearest])}
    return [
        Double(people[row.user_id], why, is_certain=row.email == mine.email)
        for (_, why), row in nearest
        if row.user_id in people
    ]


def refuse_doubles(*, name: str, email: str, phone: str) -> None:
    """Raises Conflict `possible_double` with `doubles` where somebody we know may be meant.

    The same address with the same name is no double: that runner is simply known.
    """
    doubles = doubles_of(name=name, email=email, phone=phone)
    if not doubles or (doubles[0].is_certain and same_name(name, doubles[0].runner.user.name)):
        return
    raise Conflict(
        "We may know this person already. Choose the runner, or say that they are different people.",
        code="possible_double",
        doubles=doubles,
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names are one but for a slip or the order of the words."""
    return fuzz.token_sort_ratio(fold(one), fold(other)) >= 85


def _alike(mine: Row, row: Row) -> tuple[int, str] | None:
    """(rank, why) when the row may be the same person."""
    if mine.email and row.email == mine.email:
        return 0, "has this e-mail address"
    if len(mine.phone) >= 7 and row.phone == mine.phone:
        return 1, "has this phone number"
    near = len(mine.email) >= 8 and DamerauLevenshtein.distance(mine.email, row.email, score_cutoff=2) <= 2
    if near and fuzz.ratio(mine.name, row.name) >= 50:
        return 2, "has nearly the same e-mail address"
    if mine.name and fuzz.token_sort_ratio(mine.name, row.name, score_cutoff=92) >= 92:
        return 3, "has the same name" if mine.name == row.name else "has nearly the same name"
    return None


def _by_words(rows: Sequence[Row], asked: Sequence[str]) -> dict[int, float]:
    """Place of each row that fits every word -> how well, from 0 to 100 and a little more for a beginning."""
    names = [row.name for row in rows]
    total: dict[int, float] | None = None
    for word in asked:
        least = 100.0 if len(word) <= SHORT_WORD else CLOSE
        scores = {
            place: score
            for _, score, place in process.extract_iter(word, names, scorer=fuzz.partial_ratio, score_cutoff=least)
        }
        for place, row in enumerate(rows):
            if word in row.email:
                scores[place] = max(scores.get(place, 0.0), 95.0)
            if f" {row.name}".find(f" {word}") >= 0:
                scores[place] = 105.0
        total = scores if total is None else {place: total[place] + scores[place] for place in total.keys() & scores}
    return total or {}


def _by_number(rows: Sequence[Row], digits: str) -> dict[int, float]:
    """As `_by_words`, for a number or a part of one; of a whole number one digit may be wrong or two swapped."""
    scores: dict[int, float] = {}
    for place, row in enumerate(rows):
        if digits in row.phone:
            scores[place] = 105.0 if row.phone == digits else 100.0
        elif len(digits) >= 9 and row.phone and DamerauLevenshtein.distance(digits, row.phone, score_cutoff=1) <= 1:
            scores[place] = 90.0
    return scores


def _rows() -> list[Row]:
    known = RunnerProfile.objects.filter(user__is_active=True).order_by()
    return [
        Row(user_id, fold(name), email, number(phone))
        for user_id, name, email, phone in known.values_list("user_id", "user__name", "user__email", "phone")
    ]


def _in_order(user_ids: Sequence[int]) -> list[RunnerProfile]:
    known = {each.user_id: each for each in RunnerProfile.objects.filter(user__in=user_ids).select_related("user")}
    return [known[user_id] for user_id in user_ids if user_id in known]
