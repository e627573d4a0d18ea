from exercises.services.logging import log_as_planned, log_day, log_sets, rate_session, undo_log
from exercises.services.programmes import PlannedPhase, create_programme, end_programme
from exercises.services.races import enter_race, withdraw_race
from exercises.services.reminders import plan_exercise_reminders

__all__ = [
    "PlannedPhase",
    "create_programme",
    "end_programme",
    "enter_race",
    "log_as_planned",
    "log_day",
    "log_sets",
    "plan_exercise_reminders",
    "rate_session",
    "undo_log",
    "withdraw_race",
]
