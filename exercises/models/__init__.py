from exercises.models.library import Category, Equipment, Exercise, Region
from exercises.models.logs import Race, SessionLog, SetLog
from exercises.models.programmes import Phase, Prescription, Programme, State

__all__ = [
    "Category",
    "Equipment",
    "Exercise",
    "Phase",
    "Prescription",
    "Programme",
    "Race",
    "Region",
    "SessionLog",
    "SetLog",
    "State",
]
