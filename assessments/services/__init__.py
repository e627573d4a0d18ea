"""Verbs of the room: each runs in one transaction, checks who acts, and leaves an event in the audit."""

from assessments.services.drafts import Saved, amend, save_draft, sign, start_assessment
from assessments.services.intakes import answer_intake, clear_red_flags
from assessments.services.recommendations import decide, decide_many

__all__ = [
    "Saved",
    "amend",
    "answer_intake",
    "clear_red_flags",
    "decide",
    "decide_many",
    "save_draft",
    "sign",
    "start_assessment",
]
