"""An assessment laid out for a page: sections, rows, the last value beside the new one, bands and symmetry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.safestring import SafeString

from assessments import engine, entry
from assessments.catalogue import LEFT, RIGHT, Measure, Section, Side
from assessments.charts import band_bar, symmetry_bar, words_of
from assessments.readings import Key, Readings

SIDE_WORDS = {"left": "Left", "right": "Right", "none": ""}
BAND_WORDS = {
    "pass": "90 and up: passes",
    "mild": "80 to 90: mild",
    "marked": "under 80: marked",
    "recheck": "over 110: check the data",
}
STRIKE_NOTE = "within 1.5° of a limit: borderline"


@dataclass(frozen=True)
class Cell:
    """One field of a measure: what stands in it, what stood there last time, what is wrong with it."""

    side: Side
    label: str
    name: str
    text: str
    shown: str
    last: str
    outside: bool
    wrong: str
    ask: str
    sure: bool

    @property
    def confirm(self) -> str:
        """What the tick box "it is right" sends: it holds for this very text alone."""
        return f"{self.name}|{self.text}"


@dataclass(frozen=True)
class Row:
    measure: Measure
    cells: tuple[Cell, ...]
    band: SafeString
    band_words: str
    apart: str = ""
    apart_flag: bool = False
    index: Decimal | None = None
    index_shown: str = ""
    index_bar: SafeString | None = None
    index_words: str = ""
    remark: str = ""

    @property
    def filled(self) -> bool:
        return any(cell.text for cell in self.cells)

    @property
    def troubled(self) -> bool:
        return any(cell.wrong or cell.ask for cell in self.cells)

    @property
    def ident(self) -> str:
        return self.measure.key.replace("_", "-")


@dataclass(frozen=True)
class Part:
    """A section of the sheet with its main rows, and the rest that opens on demand."""

    section: Section
    main: tuple[Row, ...]
    more: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.main + self.more

    @property
    def filled(self) -> int:
        return sum(row.filled for row in self.rows if row.measure.input != "derived")

    @property
    def total(self) -> int:
        return sum(row.measure.input != "derived" for row in self.main) + sum(row.filled for row in self.more)

    @property
    def more_open(self) -> bool:
        return any(row.filled or row.troubled for row in self.more)


@dataclass
class Sheet:
    """`typed` is what stands in the fields but is not stored; `wrong` and `asked` are sentences by key."""

    readings: Readings
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[Key, str] = field(default_factory=dict)
    asked: Mapping[Key, str] = field(default_factory=dict)
    sure: frozenset[Key] = frozenset()

    def parts(self) -> list[Part]:
        return [
            Part(
                section,
                tuple(self.row(measure) for measure in section.measures if measure.main),
                tuple(self.row(measure) for measure in section.measures if not measure.main),
            )
            for section in self.readings.book.sections
        ]

    def cell(self, measure: Measure, side: Side) -> Cell:
        name = entry.field_name(measure.key, side)
        readings, before = self.readings, self.readings.before
        value = readings.values.get((measure.key, side))
        stored = plain(measure, value)
        text = self.typed.get(name, stored)
        last = before.values.get((measure.key, side)) if before else None
        key = (measure.key, side)
        return Cell(
            side=side,
            label=SIDE_WORDS[side],
            name=name,
            text=text,
            shown=display(measure, value),
            last=display(measure, last),
            outside=readings.flagged(measure, side),
            wrong=self.wrong.get(key, ""),
            ask=self.asked.get(key, ""),
            sure=key in self.sure,
        )

    def row(self, measure: Measure) -> Row:
        readings = self.readings
        low, high = readings.low_end(measure), readings.high_end(measure)
        values = [(side, readings.get(measure.key, side)) for side in measure.sides]
        apart = readings.apart(measure.key) if measure.symmetry == "difference" else None
        index = readings.symmetry(measure.key) if measure.symmetry == "ratio" else None
        band = engine.symmetry_band(index)
        return Row(
            measure=measure,
            cells=tuple(self.cell(measure, side) for side in measure.sides),
            band=band_bar(measure, values, low, high),
            band_words=words_of(low, high, measure),
            apart="" if apart is None else f"{measure.with_unit(apart)} apart",
            apart_flag=apart is not None and measure.apart is not None and apart >= measure.apart,
            index=index,
            index_shown=percent(index),
            index_bar=None if index is None else symmetry_bar(index),
            index_words=BAND_WORDS.get(band, ""),
            remark=self.remark(measure),
        )

    def remark(self, measure: Measure) -> str:
        """What can be read off a worked-out measure, in words."""
        words = []
        for side in (LEFT, RIGHT):
            value = self.readings.get(measure.key, side)
            if value is None:
                continue
            match measure.key:
                case "foot_strike_angle":
                    name = engine.strike_of_angle(value)
                    words.append(f"{side} {name}{', borderline' if engine.strike_is_borderline(value) else ''}")
                case "fpi_total":
                    words.append(f"{side} {engine.foot_posture([self.readings.item(key, side) for key in FPI])[1]}")
                case "arch_height_index":
                    words.append(f"{side} {engine.arch_band(value)}")
                case "navicular_drop":
                    words.append(f"{side} {engine.navicular_band(value)}")
                case "heel_whip":
                    words.append(f"{side} {engine.heel_whip_band(value)}")
                case "hip_abduction" if band := self.readings.hip_band(side):
                    words.append(f"{side} {band}")
        return "; ".join(words).capitalize()


def percent(index: Decimal | None) -> str:
    """Symmetry as shown: whole per cent, with a decimal where rounding would show another band than the value has."""
    if index is None:
        return ""
    whole = engine.half_up(index)
    same = engine.symmetry_band(whole) == engine.symmetry_band(index)
    return f"{whole if same else engine.half_up(index - Decimal('0.05'), 1)} %"


FPI = ("fpi_talus", "fpi_curves", "fpi_heel", "fpi_bulge", "fpi_arch", "fpi_forefoot")


def plain(measure: Measure, value: Decimal | str | None) -> str:
    """`value` as it stands in a field: numbers with at least the measure's decimals, and with all that were typed."""
    if not isinstance(value, Decimal):
        return value or ""
    shortest = value.normalize()
    places = -int(shortest.as_tuple().exponent)
    return measure.show(value) if places <= measure.decimals else f"{shortest:f}"


def display(measure: Measure, value: Decimal | str | None) -> str:
    """`value` as it is read: rounded numbers without unit, choices by their label."""
    if isinstance(value, Decimal):
        return measure.show(value)
    return measure.label(value) if value else ""
