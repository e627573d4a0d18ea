"""Searching the library as people type: lay words, plurals, and a slip of the finger. No ORM, no request.

The words of all exercises are looked up in one index, made once and asked often, on either database alike.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exercises.models.library import Category, Equipment, Region
from exercises.shelves import SHELVES, Shelf

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
    names = ["".join(words(name)) for name in (exercise.name, *exercise.aliases)]
    found: dict[str, float] = {stem(name): 8 for name in names}
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


BEGINS = 0.7
"""What a word counts that is only the beginning of one."""


class Index:
    """Exercises by their words, and by the choices of the shelves (`masks`: which of them fit, a bit for each)."""

    def __init__(self, exercises: Iterable[Any]) -> None:
        self.exercises = list(exercises)
        self.found: dict[str, dict[int, float]] = {}
        for place, exercise in enumerate(self.exercises):
            for word, weight in weighted(exercise).items():
                self.found.setdefault(word, {})[place] = weight
        self.words = sorted(self.found)
        self.letters = {word: frozenset(word) for word in self.words}
        self.weights = {word: max(found.values()) for word, found in self.found.items()}
        self.masks = {
            (shelf.name, choice.key): bits(
                place for place, exercise in enumerate(self.exercises) if choice.fits(exercise)
            )
            for shelf in SHELVES
            for choice in shelf.choices
        }

    def fitting(self, token: str) -> dict[int, float]:
        """Place -> how well one word of a query fits: its weight when it stands there, less when a word only begins with it."""
        fits: dict[int, float] = {}
        if len(token) > 1:
            for word in self.words[bisect_left(self.words, token) :]:
                if not word.startswith(token):
                    break
                for place, weight in self.found[word].items():
                    fits[place] = max(fits.get(place, 0), BEGINS * weight)
        return fits | self.found.get(token, {})

    def nearest(self, token: str) -> str:
        """The known word that `token` was probably meant to be, the weightiest of the nearest; "" if there is none."""
        most, typed = allowed_slips(token), frozenset(token)
        near = [
            (slips(token, word, most), -self.weights[word], word)
            for word, letters in self.letters.items()
            if abs(len(word) - len(token)) <= most and len(typed - letters) <= most and len(letters - typed) <= most
        ]
        return min((each for each in near if each[0] <= most), default=(0, 0.0, ""))[2]

    def search(self, query: str, *, exactly: bool = False) -> "Answer":
        """The exercises that answer every word of `query`, best first; all of them, in their order, for an empty query.

        A word that no exercise has is read as the nearest one that some exercise has, unless `exactly`.
        """
        tokens = [stem(word) for word in words(query[:LONGEST_QUERY]) if word not in FILLERS]
        if not tokens:
            return Answer(self, range(len(self.exercises)))
        read = tokens if exactly else [t if self.fitting(t) else self.nearest(t) or t for t in tokens]
        fits = [self.fitting(token) for token in read]
        everywhere = set(fits[0]).intersection(*fits[1:])
        places = sorted(everywhere, key=lambda place: (-sum(each[place] for each in fits), place))
        return Answer(self, places, " ".join(read) if read != tokens else "")


def bits(places: Iterable[int]) -> int:
    """A number in which the bit of each place is set."""
    found = 0
    for place in places:
        found |= 1 << place
    return found


@dataclass(frozen=True)
class Answer:
    """The places of what was found in `index`, best first. `read_as`: the query as it was understood, "" as typed."""

    index: Index
    places: Sequence[int]
    read_as: str = ""

    @property
    def found(self) -> list[Any]:
        return [self.index.exercises[place] for place in self.places]

    def mask(self, wanted: Mapping[str, str], *, but: str = "") -> int:
        """Which of what was found fit every choice of `wanted` (shelf name -> choice), the shelf `but` left out."""
        left = bits(self.places)
        for shelf in SHELVES:
            if shelf.name != but and (choice := shelf.chosen(wanted)):
                left &= self.index.masks[shelf.name, choice.key]
        return left

    def narrow(self, wanted: Mapping[str, str]) -> list[Any]:
        """What was found and fits every choice of `wanted`, best first."""
        left = self.mask(wanted)
        return [self.index.exercises[place] for place in self.places if left >> place & 1]

    def count(self, wanted: Mapping[str, str], shelf: Shelf) -> dict[str, int]:
        """Choice -> how many it would leave beside the choices of the other shelves."""
        others = self.mask(wanted, but=shelf.name)
        return {choice.key: (others & self.index.masks[shelf.name, choice.key]).bit_count() for choice in shelf.choices}
