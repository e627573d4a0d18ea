"""Who does what: acts drawn by name, so that any process of the crew can do them."""

import random
import traceback
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from benchmarks.quarter.desk import Desk
from benchmarks.quarter.runners import Runners

WEIGHTS = {
    "book": 54,
    "visit_without_account": 7,
    "move": 9,
    "cancel": 9,
    "answer_offer": 16,
    "wish_sooner": 5,
    "desk_books": 5,
    "desk_moves": 3,
    "desk_resizes": 2,
    "series": 2,
    "series_ends": 1,
    "seat": 8,
}


class Act(NamedTuple):
    """A method of `Acts`, what it is about (a runner's number, a therapist's, a session's key), its dice, and when."""

    verb: str
    about: Any
    seed: float
    now: datetime


class Done(NamedTuple):
    """What happened, counted by name; the text of an error that was no refusal."""

    happened: Counter[str]
    error: str = ""


class Acts(Runners, Desk):
    """Does acts. What is asked for is read from the database, so that an act may be done twice at once."""

    def draw(self, dice: random.Random, now: datetime) -> Act:
        """The next act of somebody, with dice of its own."""
        verb = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        return Act(verb, dice.randrange(len(self.clinic.runners)), dice.random(), now)

    def do(self, act: Act) -> Done:
        """One act: what it did, or the refusal; anything else is an error."""
        from clinic.core.errors import DomainError

        about = self.clinic.runners[act.about] if act.verb in WEIGHTS else act.about
        try:
            did = getattr(self, act.verb)(about, random.Random(act.seed), act.now)
        except DomainError as refused:
            return Done(Counter({f"refused: {refused.code}": 1}))
        except Exception:
            return Done(Counter(), traceback.format_exc())
        return Done(Counter(did) if isinstance(did, dict) else Counter({did: 1}))
