"""What the exercise API reads and writes. Days are of the runner's own calendar."""

# mypy: disable-error-code="var-annotated, call-arg, assignment"
# (the stubs know neither many=True with a length nor a field named like an attribute of serializers)

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exercises import doses, pain
from exercises.library import MARKS
from exercises.models import Capacity, Exercise, Phase, Prescription, Programme, SessionLog, SetLog, Stage
from exercises.models.logs import MOST_SETS, NOTE_LENGTH
from exercises.services.programmes import MOST_EXERCISES


class FaultOut(serializers.Serializer):
    fault = serializers.CharField()
    fix = serializers.CharField()


class ExerciseCard(serializers.ModelSerializer):
    parent = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    dose = serializers.CharField(source="dose_words", help_text="In words, as in 3 × 12.")
    equipment = serializers.ListField(child=serializers.CharField())
    regions = serializers.ListField(child=serializers.CharField())
    muscles = serializers.ListField(child=serializers.CharField())
    capacities = serializers.ListField(child=serializers.ChoiceField(Capacity.choices))
    stages = serializers.ListField(child=serializers.ChoiceField(Stage.choices))

    class Meta:
        model = Exercise
        fields = (
            "slug",
            "name",
            "category",
            "parent",
            "purpose",
            "capacities",
            "load",
            "stages",
            "muscles",
            "regions",
            "equipment",
            "difficulty",
            "dose",
        )


class EvidenceOut(serializers.Serializer):
    """Empty where nobody has written any."""

    note = serializers.CharField(default="")
    mark = serializers.ChoiceField(
        MARKS,
        required=False,
        help_text="S: found in a source, K: general knowledge, P: our own rule. K and P wait for a clinician.",
    )
    source = serializers.CharField(allow_blank=True, default="")


class ExerciseOut(ExerciseCard):
    aliases = serializers.ListField(child=serializers.CharField())
    dose_range = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="The least and the most that is usual of `sets` and of `reps` or `hold_s`.",
    )
    steps = serializers.ListField(child=serializers.CharField())
    safety = serializers.ListField(child=serializers.CharField())
    evidence = EvidenceOut()
    cues = serializers.ListField(child=serializers.CharField())
    faults = FaultOut(many=True)
    contraindications = serializers.ListField(child=serializers.CharField())
    progression = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    regression = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    variations = serializers.SlugRelatedField(slug_field="slug", read_only=True, many=True)

    class Meta:
        model = Exercise
        fields = (
            *ExerciseCard.Meta.fields, "sets", "reps", "hold_s", "rest_s", "per_side", "tempo", "dose_range", "aliases",
            "position", "steps", "breathing", "cues", "faults", "safety", "contraindications", "evidence", "progression", "progression_note", "regression", "regression_note", "variations",
        )  # fmt: skip


class LibraryOut(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    read_as = serializers.CharField(help_text="The search as it was understood; empty when as typed.")
    facets = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="Shelf -> choice -> how many it leaves.",
    )
    results = ExerciseCard(many=True)


class PrescriptionOut(serializers.ModelSerializer):
    exercise = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    exercise_name = serializers.CharField(source="exercise.name")
    dose = serializers.CharField(source="dose_words")
    days = serializers.ListField(child=serializers.IntegerField(), help_text="Weekdays, 0 is Monday.")

    class Meta:
        model = Prescription
        fields = (
            "id",
            "exercise",
            "exercise_name",
            "position",
            "dose",
            "sets",
            "reps",
            "hold_s",
            "rest_s",
            "load_kg",
            "per_side",
            "days",
            "note",
        )


class PhaseOut(serializers.ModelSerializer):
    prescriptions = PrescriptionOut(many=True)

    class Meta:
        model = Phase
        fields = ("position", "title", "weeks", "prescriptions")


class ProgrammeOut(serializers.ModelSerializer):
    runner = serializers.UUIDField(source="runner_id")
    therapist = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    zone = serializers.CharField(source="runner.user.zone", help_text="IANA zone whose calendar the days are of.")
    phases = PhaseOut(many=True)

    class Meta:
        model = Programme
        fields = ("id", "title", "state", "runner", "therapist", "zone", "starts_on", "ended_on", "phases")


class DoseIn(serializers.Serializer):
    """What is left out is as the library has it."""

    exercise = serializers.SlugField(max_length=80)
    sets = serializers.IntegerField(required=False)
    reps = serializers.IntegerField(required=False)
    hold_s = serializers.IntegerField(required=False)
    rest_s = serializers.IntegerField(required=False)
    load_kg = serializers.DecimalField(max_digits=5, decimal_places=2, required=False)
    per_side = serializers.BooleanField(required=False)
    days = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)

    def validate_exercise(self, slug: str) -> Exercise:
        found = self.context["library"].get(slug)
        if found is None:
            raise serializers.ValidationError("No exercise of the library has this slug.")
        return found

    def dose(self, values: dict[str, Any]) -> doses.Dose:
        """The dose of checked `values`; repetitions take the place of a hold, and a hold that of repetitions."""
        changes = {name: value for name, value in values.items() if name != "exercise"}
        if "reps" in changes:
            changes.setdefault("hold_s", None)
        elif "hold_s" in changes:
            changes["reps"] = None
        if "days" in changes:
            changes["days"] = tuple(changes["days"])
        return doses.usual_dose(values["exercise"], **changes)


class ProgrammeIn(serializers.Serializer):
    runner = serializers.UUIDField()
    title = serializers.CharField(max_length=120)
    weeks = serializers.IntegerField(min_value=1, max_value=52, default=4)
    starts_on = serializers.DateField(required=False, help_text="Left out: the runner's today.")
    exercises = DoseIn(many=True, max_length=MOST_EXERCISES)


class RowOut(serializers.Serializer):
    prescription = PrescriptionOut()
    sets_done = serializers.SerializerMethodField()
    done = serializers.BooleanField()

    def get_sets_done(self, row: Any) -> int:
        return len(row.sets)


class TodayOut(serializers.Serializer):
    on = serializers.DateField()
    zone = serializers.CharField()
    minutes_left = serializers.IntegerField()
    exercises = RowOut(many=True)


class SetIn(serializers.Serializer):
    number = serializers.IntegerField(min_value=1, max_value=MOST_SETS)
    reps = serializers.IntegerField(required=False, allow_null=True)
    hold_s = serializers.IntegerField(required=False, allow_null=True)
    load_kg = serializers.DecimalField(max_digits=5, decimal_places=2, required=False, allow_null=True)


class DoneIn(serializers.Serializer):
    """One exercise that was done. Without `sets`: all of them, as planned."""

    prescription = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    sets = SetIn(many=True, required=False, max_length=MOST_SETS)


class LogIn(serializers.Serializer):
    programme = serializers.UUIDField()
    on = serializers.DateField(required=False, help_text="Left out: the runner's today. Up to 7 days back.")
    done = DoneIn(many=True, required=False, max_length=MOST_EXERCISES)
    pain = serializers.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)
    effort = serializers.IntegerField(min_value=0, max_value=10, required=False, allow_null=True)
    note = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True)


class SetOut(serializers.ModelSerializer):
    prescription = serializers.IntegerField(source="prescription_id")

    class Meta:
        model = SetLog
        fields = ("prescription", "number", "reps", "hold_s", "load_kg", "pain", "as_planned")


class AdviceOut(serializers.Serializer):
    light = serializers.ChoiceField(choices=["green", "amber", "red"])
    headline = serializers.CharField()
    text = serializers.CharField()
    source = serializers.CharField()


class LogOut(serializers.ModelSerializer):
    programme = serializers.UUIDField(source="programme_id")
    sets = SetOut(many=True)
    advice = serializers.SerializerMethodField()

    class Meta:
        model = SessionLog
        fields = ("id", "programme", "on", "pain", "effort", "note", "sets", "advice")

    @extend_schema_field(AdviceOut(allow_null=True))
    def get_advice(self, log: SessionLog) -> dict[str, Any] | None:
        return AdviceOut(pain.advice(log.pain)).data if log.pain is not None else None
