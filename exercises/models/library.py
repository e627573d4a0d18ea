"""The library of exercises."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from clinic.core.fields import OrderedJSONField
from exercises import doses
from exercises.querysets import ExerciseQuerySet


class Category(models.TextChoices):
    STRENGTH = "strength", "Strength"
    FLEXIBILITY = "flexibility", "Flexibility"
    BALANCE = "balance", "Balance"
    PLYOMETRIC = "plyometric", "Plyometrics"
    CORE = "core", "Core"
    DRILL = "drill", "Running drills"


class Region(models.TextChoices):
    HIP = "hip", "Hip"
    THIGH = "thigh", "Thigh"
    CALF = "calf", "Calf, Achilles"
    FOOT = "foot", "Foot, ankle"
    TRUNK = "trunk", "Trunk"


class Capacity(models.TextChoices):
    """What doing it builds."""

    STRENGTH = "strength", "Strength"
    ENDURANCE = "endurance", "Lasting strength"
    POWER = "power", "Power"
    SPRING = "spring", "Spring"
    CONTROL = "control", "Control"
    BALANCE = "balance", "Balance"
    MOBILITY = "mobility", "Mobility"
    FORM = "form", "Running form"
    EASE = "ease", "Ease"


class Load(models.TextChoices):
    """How much of a pull or an impact tendon, bone and joint take."""

    LOW = "low", "Low"
    MIDDLE = "middle", "Middle"
    HIGH = "high", "High"


class Stage(models.TextChoices):
    """When on the way back to running it is of use."""

    CALM = "calm", "Calm it down"
    BUILD = "build", "Build it up"
    RETURN = "return", "Back to running"
    PERFORM = "perform", "Run strong"


class Equipment(models.TextChoices):
    MAT = "mat", "Mat"
    WALL = "wall", "Wall"
    CHAIR = "chair", "Chair"
    STEP = "step", "Step"
    BOX = "box", "Sturdy box"
    STRAP = "strap", "Strap or towel"
    WEIGHT = "weight", "Dumbbell or kettlebell"
    BARBELL = "barbell", "Barbell"
    PAD = "pad", "Foam pad or cushion"
    BOSU = "bosu", "Bosu"
    LANE = "lane", "Flat 20 m lane"
    BAND = "band", "Resistance band"
    LOOP = "loop", "Loop band"
    ROLLER = "roller", "Foam roller"
    BALL = "ball", "Small ball"
    BENCH = "bench", "Bench or sofa"
    TOWEL = "towel", "Towel"
    ROPE = "rope", "Skipping rope"
    TREADMILL = "treadmill", "Treadmill"
    HILL = "hill", "Gentle hill"


EVERYWHERE = frozenset({Equipment.MAT, Equipment.WALL, Equipment.LANE})
"""What counts as nothing: a floor to lie on, a wall, a stretch of pavement."""

AMOUNT = Q(reps__isnull=True, hold_s__isnull=False, hold_s__range=doses.HOLD_S) | Q(
    hold_s__isnull=True, reps__isnull=False, reps__range=doses.REPS
)
"""Repetitions or seconds, one of them, in a possible size. Both asked for not null: a check that comes to null passes."""


class Exercise(models.Model):
    """A movement, with the dose most people start with. One that has a `parent` is a variation of it.

    `purpose` says in a runner's words what it is for. `steps`, `cues`, `safety` and `contraindications` are lists of
    sentences, `faults` a list of {"fault", "fix"}; `capacities`, `stages`, `muscles`, `regions`, `equipment`, `aliases` and
    `lay_words` lists of words. `dose_range` holds the least and the most that is usual: {"sets": [2, 4], "reps": [6, 15]},
    or "hold_s" in seconds. `evidence` is {"note", "mark", "source"}: what is known, and its trust mark (S: found in a source,
    K: general knowledge, P: our own rule). `figure` is the data of its drawing (exercises/figures), or null.
    """

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    category = models.CharField(max_length=12, choices=Category.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="variations")
    purpose = models.CharField(max_length=200)
    aliases = models.JSONField(default=list, blank=True)
    capacities = models.JSONField(default=list)
    load = models.CharField("tissue load", max_length=8, choices=Load.choices, default=Load.MIDDLE)
    stages = models.JSONField(default=list)
    muscles = models.JSONField(default=list)
    regions = models.JSONField(default=list)
    equipment = models.JSONField(default=list, blank=True)
    difficulty = models.PositiveSmallIntegerField(help_text="1 is the easiest, 5 the hardest.")
    sets = models.PositiveSmallIntegerField()
    reps = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In a set; on each side where per side.")
    hold_s = models.PositiveSmallIntegerField("hold, seconds", null=True, blank=True)
    rest_s = models.PositiveSmallIntegerField("rest, seconds")
    per_side = models.BooleanField(default=False)
    tempo = models.CharField(max_length=12, blank=True, help_text="Seconds down, held, up: 3-1-2.")
    dose_range = models.JSONField(default=dict, blank=True)
    position = models.CharField("starting position", max_length=200, blank=True)
    steps = models.JSONField(default=list)
    breathing = models.CharField(max_length=120, blank=True)
    cues = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    safety = models.JSONField(default=list)
    contraindications = models.JSONField(default=list)
    evidence = models.JSONField(default=dict, blank=True)
    progression = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    progression_note = models.CharField(max_length=160, blank=True)
    regression = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    regression_note = models.CharField(max_length=160, blank=True)
    lay_words = models.JSONField(default=list, blank=True)
    figure = OrderedJSONField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    is_active = models.BooleanField(default=True, help_text="Retired exercises stay in old programmes alone.")

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        ordering = ("difficulty", "name")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="exercises_category_known",
                condition=Q(category__in=Category.values),
                violation_error_message="Choose one of the six kinds: strength, flexibility, balance, plyometric, core, drill.",
            ),
            models.CheckConstraint(
                name="exercises_load_known",
                condition=Q(load__in=Load.values),
                violation_error_message="The load is low, middle or high.",
            ),
            models.CheckConstraint(
                name="exercises_difficulty_1_to_5",
                condition=Q(difficulty__range=(1, 5)),
                violation_error_message="The level is a number from 1, easiest, to 5.",
            ),
            models.CheckConstraint(
                name="exercises_dose_possible",
                condition=AMOUNT & Q(sets__range=doses.SETS, rest_s__range=doses.REST_S),
                violation_error_message="A dose is 1 to 10 sets of 1 to 100 repetitions, or of 1 to 600 seconds, with up to 600 seconds of rest.",
            ),
            models.CheckConstraint(
                name="exercises_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                violation_error_message="An exercise is not a variation of itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("exercises:exercise", args=[self.slug])

    @property
    def dose_words(self) -> str:
        return doses.in_words(self)

    @property
    def region_words(self) -> str:
        return ", ".join(str(Region(region).label).split(",")[0] for region in self.regions[:2]).capitalize()

    @property
    def equipment_words(self) -> list[str]:
        return [str(Equipment(thing).label) for thing in self.equipment]

    @property
    def capacity_words(self) -> list[str]:
        return [str(Capacity(each).label) for each in self.capacities]

    @property
    def stage_words(self) -> list[str]:
        return [str(Stage(each).label) for each in self.stages]

    @property
    def range_words(self) -> str:
        return doses.range_in_words(self.dose_range)

    @property
    def tempo_words(self) -> str:
        return self.tempo.replace("-", "–")

    @property
    def needs_nothing(self) -> bool:
        """Floor, wall or pavement are enough."""
        return EVERYWHERE.issuperset(self.equipment)
