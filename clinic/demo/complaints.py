"""What the runners of the demonstration come with, in the measures of the catalogue: at the first visit and weeks later."""

from dataclasses import dataclass, field

Change = tuple[float, float]
"""Value at the first assessment, value it moves to by the last."""

BOTH_SIDES: dict[str, float] = {
    "foot_inclination": 14,
    "foot_standing": 2,
    "tibia_angle": 3.5,
    "knee_contact": 14,
    "knee_midstance": 45,
    "hip_extension": 12.5,
    "pelvic_drop": 4.6,
    "heel_eversion": 8,
    "heel_raise": 27,
    "hip_abduction": 1.62,
    "side_plank": 52,
    "lunge_to_wall": 11.5,
    "active_knee_extension": 15,
    "thomas_hip": -3,
    "navicular_drop": 7,
}
WHOLE_BODY: dict[str, float] = {
    "cadence": 169,
    "trunk_lean": 7.5,
    "bounce": 8.4,
    "front_plank": 85,
    "head_angle": 52,
    "shoulder_level": 4,
    "pelvis_tilt": 11,
    "pelvis_level": 3,
    "shoe_drop": 8,
}
FOOT_ITEMS = ("fpi_talus", "fpi_curves", "fpi_heel", "fpi_bulge", "fpi_arch", "fpi_forefoot")
SHOES = ("Harrier Road 3", "Quayrunner 12", "Lowland Glide", "Fellbarrow Trail 2", "Morrow Tempo")


@dataclass(frozen=True)
class Complaint:
    """`worse`: measures of the involved side; `body`: measures of the whole; `words`: choices, (first, last)."""

    region: str
    title: str
    goal: str
    worse: dict[str, Change]
    body: dict[str, Change] = field(default_factory=dict)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    pain: tuple[int, int] = (5, 1)
    exercises: tuple[str, ...] = ()
    other_words: dict[str, str] = field(default_factory=dict)


COMPLAINTS = (
    Complaint(
        "knee",
        "Steady hips, quiet knees",
        "pain_free",
        {"pelvic_drop": (9.2, 5.2), "hip_abduction": (1.02, 1.52), "side_plank": (24, 47), "tibia_angle": (9, 4.5)},
        {"cadence": (159, 171), "bounce": (10.8, 9.1)},
        {"base": ("touching", "apart"), "single_leg_squat": ("poor", "good"), "landing": ("ahead", "under")},
        (6, 1),
        ("side-plank", "single-leg-deadlift", "lateral-lunge", "hip-flexor-stretch", "a-skip"),
    ),
    Complaint(
        "achilles",
        "A calf that carries",
        "back_from_injury",
        {"heel_raise": (10, 23), "lunge_to_wall": (7, 10.4), "foot_inclination": (22, 16)},
        {"cadence": (163, 168)},
        {"single_leg_squat": ("fair", "good"), "sound": ("loud", "normal")},
        (5, 2),
        ("calf-stretch", "single-leg-stand", "single-leg-squat", "box-jump"),
        {"achilles_history": "yes"},
    ),
    Complaint(
        "knee",
        "Softer knees, quicker steps",
        "first_5k",
        {"knee_contact": (6, 12.5), "knee_midstance": (36, 43)},
        {"trunk_lean": (1.8, 6), "cadence": (156, 169), "bounce": (11.6, 9.4)},
        {"landing": ("ahead", "under"), "sound": ("loud", "quiet")},
        (4, 1),
        ("squat", "forward-lunge", "high-knees", "bridge"),
    ),
    Complaint(
        "hamstring",
        "Long legs, strong backs of them",
        "marathon_best",
        {"active_knee_extension": (36, 20), "hip_extension": (5, 10.8), "thomas_hip": (7, -1)},
        {"cadence": (166, 170)},
        {"landing": ("ahead", "under")},
        (4, 0),
        ("standing-hamstring-stretch", "single-leg-deadlift", "single-leg-bridge", "hip-flexor-stretch"),
    ),
    Complaint(
        "foot",
        "Feet that hold",
        "pain_free",
        {"heel_eversion": (15, 9.5), "navicular_drop": (12, 9.2), "lunge_to_wall": (8, 10.2), "heel_raise": (16, 24)},
        {"cadence": (162, 166)},
        {"single_leg_squat": ("fair", "good")},
        (5, 2),
        ("single-leg-stand", "calf-stretch", "squat", "bosu-single-leg-stand"),
    ),
    Complaint(
        "hip",
        "Hips in line",
        "back_from_injury",
        {"hip_abduction": (0.95, 1.45), "side_plank": (22, 41), "pelvic_drop": (8.2, 5.8), "thomas_hip": (6, 0)},
        {"trunk_lean": (2.2, 5.5)},
        {"single_leg_squat": ("poor", "fair"), "base": ("crossing", "apart")},
        (5, 2),
        ("lateral-lunge", "side-plank", "piriformis-stretch", "march-bridge"),
    ),
)
