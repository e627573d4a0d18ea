"""Searching the library as people type: lay words, plurals, and a slip of the finger. No ORM, no request."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exercises.models.library import Category, Equipment, Region

LONGEST_QUERY = 80
FILLERS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "for",
        "from",
        "i",
        "in",
        "is",
        "my",
        "of",
        "on",
        "or",
        "the",
        "to",
        "when",
        "with",
        "without",
        "exercise",
        "exercises",
        "ache",
        "aches",
        "aching",
        "hurt",
        "hurting",
        "hurts",
        "injured",
        "injury",
        "pain",
        "painful",
        "problem",
        "problems",
        "runner",
        "runners",
        "s",
        "splints",
        "syndrome",
        "tendinitis",
        "tendinopathy",
        "sore",
        "soreness",
        "stiff",
        "tight",
        "weak",
    ]
)
KIND_WORDS = {
    "strength": "strength strong strengthening",
    "flexibility": "flexibility stretch stretches stretching mobility",
    "balance": "balance stability proprioception",
    "plyometric": "plyometric plyometrics spring jump jumping hop power",
    "core": "core abs trunk",
    "drill": "drill drills running technique form",
}
REGION_WORDS = {
    "hip": "hip hips glutes buttock",
    "thigh": "thigh thighs leg legs",
    "calf": "calf calves achilles shin lower leg",
    "foot": "foot feet ankle ankles toes",
    "trunk": "trunk back belly stomach",
}


@dataclass(frozen=True)
class Answer:
    """`found`: best first. `read_as`: the query as it was understood, "" when it stands as typed."""

    found: list[Any]
    read_as: str = ""


def words(text: str) -> list[str]:
    """The words of `text` in small letters, without punctuation; a hyphen joins nothing: "Press-up" is two words."""
    return re.findall(r"[^\W_]+", text.casefold())


def stem(word: str) -> str:
    """Plural and singular meet: "calves" and "calf", "presses" and "press"."""
    if word.endswith("ves") and len(word) > 4:
        return word[:-3] + "f"
    for ending in ("sses", "ches", "shes"):
        if word.endswith(ending):
            return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def weighted(exercise: Any) -> dict[str, float]:
    """Every word the exercise answers to, with its weight."""
    kind = f"{Category(exercise.category).label} {KIND_WORDS[exercise.category]}"
    sources: Sequence[tuple[float, Iterable[str]]] = (
        (1, [exercise.purpose]),
        (2, [str(Equipment(thing).label) for thing in exercise.equipment]),
        (
            3,
            [
                kind,
                *exercise.muscles,
                *(f"{Region(region).label} {REGION_WORDS[region]}" for region in exercise.regions),
            ],
        ),
        (5, exercise.lay_words),
        (8, [exercise.name, *exercise.aliases]),
    )
    found: dict[str, float] = {}
    for weight, texts in sources:
        for text in texts:
            for word in words(text):
                found[stem(word)] = max(weight, found.get(stem(word), 0))
    return found


def slips(typed: str, meant: str, most: int) -> int:
    """How many letters were left out, added, swapped or mistyped; `most + 1` for more than `most` (Damerau, adjacent swaps)."""
    if abs(len(typed) - len(meant)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, start=1):
        last, row = row, [i]
        for j, other in enumerate(meant, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before = last
    return row[-1]


def allowed_slips(word: str) -> int:
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def nearest(word: str, vocabulary: Mapping[str, float]) -> str:
    """The known word that `word` was probably meant to be, the weightiest of the nearest; "" if there is none."""
    most = allowed_slips(word)
    near = [(slips(word, known, most), -weight, known) for known, weight in vocabulary.items()]
    near = [each for each in near if each[0] <= most]
    return min(near)[2] if near else ""


def fit(token: str, vocabulary: Mapping[str, float]) -> float:
    """How well one word of the query fits: its weight when it stands there, less when a word only begins with it."""
    if token in vocabulary:
        return vocabulary[token]
    begun = [weight for word, weight in vocabulary.items() if len(token) > 1 and word.startswith(token)]
    return 0.7 * max(begun, default=0)


def search(exercises: Iterable[Any], query: str, *, exactly: bool = False) -> Answer:
    """The exercises that answer every word of `query`, best first; all of them, in their order, for an empty query.

    A word that no exercise has is read as the nearest one that some exercise has, unless `exactly`.
    """
    everything = list(exercises)
    tokens = [stem(word) for word in words(query[:LONGEST_QUERY]) if word not in FILLERS]
    if not tokens:
        return Answer(everything)
    vocabularies = [(exercise, weighted(exercise)) for exercise in everything]
    read = tokens
    if not exactly:
        known: dict[str, float] = {}
        for _, vocabulary in vocabularies:
            for word, weight in vocabulary.items():
                known[word] = max(weight, known.get(word, 0))
        read = [token if fit(token, known) else nearest(token, known) or token for token in tokens]
    scored = []
    for place, (exercise, vocabulary) in enumerate(vocabularies):
        fits = [fit(token, vocabulary) for token in read]
        if all(fits):
            scored.append((-sum(fits), place, exercise))
    scored.sort(key=lambda each: each[:2])
    return Answer([exercise for _, _, exercise in scored], " ".join(read) if read != tokens else "")
