"""Finding a runner by what was heard on the phone: name, address or number, with slips of the ear and the finger."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from clinic.core.errors import Conflict
from clinic.people.models import RunnerProfile

FOUND_AT_MOST = 8
DOUBLES_AT_MOST = 4
SHORT_WORD = 3
"""A word up to this long has to occur as it is typed."""
CLOSE = 72.0
"""From 0 to 100: how much of a longer word has to agree with a name, or with its beginning."""
PHONE_DIGITS = 4
"""So many digits are taken for a part of a phone number."""
LOOKED_AT = 2_000
"""Rows that are compared at most, out of those that share some letters with what was typed."""
BETWEEN_DIGITS = (" ", "-", "(", ")", ".")


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


def fold(text: str) -> str:
    """Small letters without accents: "Zoë Ångström" is "zoe angstrom"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def number(phone: str) -> str:
    """The digits that tell one number from another: +44 7700 900123, 0044..., (0)7700... and 07700 900123 are the same."""
    digits = "".join(letter for letter in phone if letter.isdecimal()).removeprefix("00")
    if digits.startswith("44") and len(digits) > 10:
        digits = digits[2:]
    return digits.removeprefix("0")


def find_runners(*, words: str) -> list[RunnerProfile]:
    """Runners who fit all of `words`, the best first, at most 8; two queries, three for a number that is not quite right."""
    asked = fold(words).split()
    digits = number(words)
    by_number = len(digits) >= PHONE_DIGITS and not any(letter.isalpha() for letter in words)
    if not asked or (len(words.strip()) < 2 and not by_number):
        return []
    rows = _rows(Q(digits__contains=digits) if by_number else _with_words(asked))
    if by_number and not rows:
        rows = _rows(_with_number(digits))
    fits = (_number_fits(row, digits) if by_number else _words_fit(row, asked) for row in rows)
    best = sorted((-score, row.name, row.user_id) for row, score in zip(rows, fits, strict=True) if score)
    return _in_order([user_id for _, _, user_id in best[:FOUND_AT_MOST]])


def doubles_of(*, name: str, email: str, phone: str) -> list[Double]:
    """Runners who may be the same person: the same or nearly the same address, the same number, the same name."""
    mine = Row(0, fold(" ".join(name.split())), email.strip().lower(), number(phone))
    near = _with_pieces("user__email", mine.email.partition("@")[0]) | _with_number(mine.phone)
    near |= _with_letters("user__name", mine.name.rpartition(" ")[2])
    alike = [(told, row) for row in _rows(near) if (told := _alike(mine, row)) is not None]
    alike.sort(key=lambda each: (each[0][0], each[1].name))
    nearest = alike[:DOUBLES_AT_MOST]
    people = {each.user_id: each for each in _in_order([row.user_id for _, row in nearest])} if nearest else {}
    return [
        Double(people[row.user_id], why, is_certain=row.email == mine.email)
        for (_, why), row in nearest
        if row.user_id in people
    ]


def refuse_doubles(*, name: str, email: str, phone: str) -> bool:
    """Raises Conflict `possible_double` with `doubles` where somebody we know may be meant.

    The same address with the same name is no double: that runner is simply known, which the answer tells.
    """
    doubles = doubles_of(name=name, email=email, phone=phone)
    if not doubles:
        return False
    if doubles[0].is_certain and same_name(name, doubles[0].runner.user.name):
        return True
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


def _words_fit(row: Row, asked: Sequence[str]) -> float:
    """How well the row fits all of the words: 0, or up to 100 a word and a little more for a beginning."""
    total = 0.0
    for word in asked:
        score = _word_fits(row, word)
        if not score:
            return 0.0
        total += score
    return total


def _word_fits(row: Row, word: str) -> float:
    if f" {word}" in f" {row.name}":
        return 105.0
    if word in row.name:
        return 100.0
    if word in row.email:
        return 95.0
    if len(word) <= SHORT_WORD:
        return 0.0
    parts = row.name.split()
    return max(fuzz.ratio(word, part, score_cutoff=CLOSE) for name in parts for part in (name, name[: len(word)]))


def _number_fits(row: Row, digits: str) -> float:
    """As `_words_fit`, for a number or a part of one; of a whole number one digit may be wrong or two swapped."""
    if digits in row.phone:
        return 105.0 if row.phone == digits else 100.0
    whole = len(digits) >= 9 and row.phone
    return 90.0 if whole and DamerauLevenshtein.distance(digits, row.phone, score_cutoff=1) <= 1 else 0.0


def _with_words(asked: Sequence[str]) -> Q:
    """Runners who share some letters with each of the words, so that only those need comparing."""
    found = Q()
    for word in asked:
        found &= _with_letters("user__name", word) | Q(user__email__icontains=word)
    return found


def _with_letters(field: str, word: str) -> Q:
    """`field` holds any three letters in a row of `word`, of a short one any two."""
    size = 3 if len(word) > 4 else 2
    found = Q(**{f"{field}__icontains": word}) if word else Q(pk=None)
    for place in range(min(len(word) - size + 1, 12)):
        found |= Q(**{f"{field}__icontains": word[place : place + size]})
    return found


def _with_pieces(field: str, text: str) -> Q:
    """`field` holds a third of `text`: two slips leave at least one third whole."""
    size = max(3, len(text) // 3)
    pieces = {text[place : place + size] for place in range(0, max(len(text) - size + 1, 1), size)}
    found = Q(pk=None)
    for piece in pieces:
        if len(piece) >= 3:
            found |= Q(**{f"{field}__icontains": piece})
    return found


def _with_number(digits: str) -> Q:
    """The phone number holds the digits, or of a whole number a third of them."""
    if len(digits) < PHONE_DIGITS:
        return Q(pk=None)
    return _with_pieces("digits", digits) if len(digits) >= 9 else Q(digits__contains=digits)


def _rows(which: Q) -> list[Row]:
    digits: Any = F("phone")
    for sign in BETWEEN_DIGITS:
        digits = Replace(digits, Value(sign))
    known: QuerySet[Any] = RunnerProfile.objects.filter(user__is_active=True).annotate(digits=digits).filter(which)
    return [
        Row(user_id, fold(name), email, number(phone))
        for user_id, name, email, phone in known.order_by().values_list(
            "user_id", "user__name", "user__email", "phone"
        )[:LOOKED_AT]
    ]


def _in_order(user_ids: Sequence[int]) -> list[RunnerProfile]:
    known = {each.user_id: each for each in RunnerProfile.objects.filter(user__in=user_ids).select_related("user")}
    return [known[user_id] for user_id in user_ids if user_id in known]
