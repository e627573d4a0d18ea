"""What is typed into a measure's field, turned into a value, a question or a refusal. No ORM."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from assessments.catalogue import Catalogue, Measure, Side, number
from assessments.readings import Key, Value

NUMBER = re.compile(r"[+-]?(\d{1,7}([.,]\d{0,6})?|[.,]\d{1,6})")
LONGEST_TEXT = 120


class Refused(ValueError):
    """The value cannot be right; the sentence says how to mend it."""


@dataclass
class Parsed:
    """`values`: good ones, None where a field was emptied. `refused`: sentence by key. `asked`: unusual, to be confirmed."""

    values: dict[Key, Value | None] = field(default_factory=dict)
    refused: dict[Key, str] = field(default_factory=dict)
    asked: dict[Key, str] = field(default_factory=dict)


def parse_number(measure: Measure, text: str) -> Decimal:
    """The number in `text`, comma or point. Raises Refused for what is no number or cannot be."""
    text = text.strip().replace("−", "-").replace(" ", "")
    if not NUMBER.fullmatch(text) or not text.isascii():
        raise Refused(f"{measure.name} needs a number, as in {example(measure)}.")
    value = Decimal(text.replace(",", "."))
    assert measure.possible is not None  # noqa: S101 (the catalogue refuses a number without it)
    low, high = measure.possible
    if not low <= value <= high:
        unit = f" {measure.unit}" if measure.unit else ""
        raise Refused(f"{number(value)}{unit} cannot be: {measure.name} goes from {number(low)} to {number(high)}.")
    if measure.decimals == 0 and value != value.to_integral_value():
        raise Refused(f"{measure.name} is a whole number.")
    return value


def example(measure: Measure) -> str:
    low, high = measure.usual or measure.possible or (Decimal(0), Decimal(10))
    return measure.show((low + high) / 2)


def question(measure: Measure, value: Value) -> str:
    """What to ask about an unusual value, empty for a usual one."""
    if not isinstance(value, Decimal) or measure.usual is None or measure.usual[0] <= value <= measure.usual[1]:
        return ""
    if measure.ask and value < measure.usual[0]:
        return measure.ask.format(value=number(value))
    low, high = measure.usual
    return f"{measure.with_unit(value)} is unusual: most lie between {number(low)} and {number(high)}. Is this right?"


def parse_one(measure: Measure, text: str) -> Value | None:
    """The value typed, None for an empty field. Raises Refused."""
    if measure.input == "derived":
        raise Refused(f"{measure.name} is worked out, not typed.")
    if not text.strip():
        return None
    if measure.input == "number":
        return parse_number(measure, text)
    if measure.input == "choice":
        if text not in dict(measure.choices):
            raise Refused(f"Choose {' or '.join(label for _, label in measure.choices)}.")
        return text
    cleaned = " ".join(text.split())
    if len(cleaned) > LONGEST_TEXT:
        raise Refused(f"{measure.name} takes {LONGEST_TEXT} letters, this has {len(cleaned)}.")
    if any(ord(letter) < 32 for letter in cleaned):
        raise Refused(f"{measure.name} holds a character that no text may have.")
    return cleaned


def parse(book: Catalogue, typed: Mapping[Key, str], confirmed: Iterable[Key] = ()) -> Parsed:
    """All of `typed` at once. Keys and sides the catalogue does not know are refused."""
    result, sure = Parsed(), set(confirmed)
    for (key, side), text in typed.items():
        measure = book.by_key.get(key)
        if measure is None or side not in measure.sides:
            result.refused[key, side] = "This measure is not in the catalogue."
            continue
        try:
            value = parse_one(measure, text)
        except Refused as refusal:
            result.refused[key, side] = str(refusal)
            continue
        result.values[key, side] = value
        if value is not None and (key, side) not in sure and (ask := question(measure, value)):
            result.asked[key, side] = ask
    return result


def field_name(key: str, side: Side) -> str:
    """Name of the field in the form and the API: `key`, or `key.left`."""
    return key if side == "none" else f"{key}.{side}"


def field_key(name: str) -> Key:
    key, _, side = name.partition(".")
    return key, side if side in ("left", "right") else "none"  # type: ignore[return-value]
