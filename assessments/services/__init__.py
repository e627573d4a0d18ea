"""Verbs of the room: each runs in one transaction, checks who acts, and leaves an event in the audit."""

from assessments.services.drafts import Saved, amend, save_draft, sign, start_and_save, start_assessment
from assessments.services.intakes import answer_intake, clear_red_flags
from assessments.services.programmes import accepted_slugs, build_programme
from assessments.services.recommendations import decide

__all__ = [
    "Saved",
    "accepted_slugs",
    "amend",
    "answer_intake",
    "build_programme",
    "clear_red_flags",
    "decide",
    "save_draft",
    "sign",
    "start_and_save",
    "start_assessment",
]
