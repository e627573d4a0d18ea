"""The pain-monitoring model: what a number from 0 to 10 allows. No ORM.

Source: Thomeé 1997; Silbernagel 2007 (Am J Sports Med): pain may not pass 5 and has settled by the next morning. Band edges
as this clinic uses them, 0-2, 3-5 and above 5, to be confirmed by the clinicians.
"""

from dataclasses import dataclass

GREEN_TO = 2
AMBER_TO = 5
SOURCE = "Pain-monitoring model: Thomeé 1997; Silbernagel 2007, Am J Sports Med."


@dataclass(frozen=True)
class Advice:
    """`light` is "green", "amber" or "red"; `headline` and `text` are for the runner."""

    light: str
    headline: str
    text: str
    source: str = SOURCE

    @property
    def stops(self) -> bool:
        return self.light == "red"


def light(pain: float) -> str:
    """The band of a pain score, compared unrounded: to 2 "green", to 5 "amber", above "red"; so 2.1 is amber.

    Raises ValueError outside 0 to 10.
    """
    if not 0 <= pain <= 10:
        raise ValueError("Pain is a number from 0 to 10.")
    if pain <= GREEN_TO:
        return "green"
    return "amber" if pain <= AMBER_TO else "red"


def advice(pain: float) -> Advice:
    """What a runner should do who has just felt `pain` (0 to 10) in an exercise."""
    match light(pain):
        case "red":
            return Advice(
                "red",
                f"Pain was {pain:g}. Stop here for today.",
                "That is too much for now. Rest for a day or two until it is back to normal, then start with the easier one. "
                "If it hurts at night, or you cannot put weight on it, call us.",
            )
        case "amber":
            return Advice(
                "amber",
                f"Pain was {pain:g}. That is allowed.",
                "Do not add anything today. It should be back to normal by tomorrow morning; if not, do less next time.",
            )
        case _:
            return Advice("green", f"Pain was {pain:g}. That is fine.", "Go on as planned.")
