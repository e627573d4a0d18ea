from exercises.models.library import Capacity, Category, Equipment, Exercise, Load, Region, Stage
from exercises.models.logs import Race, SessionLog, SetLog
from exercises.models.programmes import Phase, Prescription, Programme, State

__all__ = [
    "Capacity",
    "Category",
    "Equipment",
    "Exercise",
    "Load",
    "Phase",
    "Prescription",
    "Programme",
    "Race",
    "Region",
    "SessionLog",
    "SetLog",
    "Stage",
    "State",
]
