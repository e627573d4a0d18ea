from decimal import Decimal
from typing import Any

from rest_framework import serializers

from assessments.catalogue import number
from assessments.entry import field_name
from assessments.models import Assessment, Finding, InvolvedSide, Measurement, Recommendation

LONGEST_VALUE = 200
MOST_VALUES = 300


class MeasurementsField(serializers.DictField):
    """Values by measure, as in {"pelvic_drop.left": 8.1, "norm_sex": "female"}; null takes a value away."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.JSONField(allow_null=True), **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        values = super().to_internal_value(data)
        if len(values) > MOST_VALUES:
            raise serializers.ValidationError(f"At most {MOST_VALUES} values at once.")
        typed = {}
        for name, value in values.items():
            if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float | Decimal)):
                raise serializers.ValidationError({name: "A number, a word or null."})
            typed[name] = "" if value is None else str(value)
            if "\0" in typed[name] or len(typed[name]) > LONGEST_VALUE:
                raise serializers.ValidationError({name: "No value is this long, or holds a null byte."})
        return typed


class DraftIn(serializers.Serializer):
    """A draft, or a part of it: what is left out stays as it is."""

    involved_side = serializers.ChoiceField(choices=InvolvedSide.choices, allow_blank=True, required=False)
    speed_kmh = serializers.DecimalField(max_digits=4, decimal_places=1, min_value=Decimal(1), max_value=Decimal(40), required=False, allow_null=True)  # fmt: skip
    steps = serializers.IntegerField(min_value=1, max_value=500, required=False, allow_null=True)
    note = serializers.CharField(max_length=8000, required=False, allow_blank=True)
    measurements = MeasurementsField(required=False, default=dict)
    confirmed = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)


class NewIn(DraftIn):
    runner = serializers.UUIDField()


class AssessmentOut(serializers.ModelSerializer):
    runner = serializers.UUIDField(source="runner_id")
    therapist: serializers.SlugRelatedField = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    amends = serializers.UUIDField(source="amends_id", allow_null=True)
    measurements = serializers.SerializerMethodField()

    class Meta:
        model = Assessment
        fields = (
            "id",
            "runner",
            "therapist",
            "state",
            "involved_side",
            "speed_kmh",
            "steps",
            "note",
            "catalogue_version",
            "rules_version",
            "started_at",
            "saved_at",
            "signed_at",
            "amends",
            "measurements",
        )

    def get_measurements(self, assessment: Assessment) -> dict[str, str]:
        return {field_name(row.key, row.side): written(row) for row in assessment.measurements.all()}  # type: ignore[arg-type]


def written(row: Measurement) -> str:
    """A value as the API gives it: the shortest writing of a number, or the word."""
    return row.word if row.value is None else number(row.value)


class RecommendationOut(serializers.ModelSerializer):
    class Meta:
        model = Recommendation
        fields = ("id", "kind", "text", "target", "decision", "decided_at")


class FindingOut(serializers.ModelSerializer):
    recommendations = RecommendationOut(many=True)

    class Meta:
        model = Finding
        fields = ("rule", "side", "title", "verdict", "reason", "lay", "source", "mark", "grade", "rules_version", "recommendations")  # fmt: skip


class RunnerFindingOut(serializers.Serializer):
    """A finding as its runner reads it: the plain sentence and what was accepted."""

    lay = serializers.CharField()
    side = serializers.CharField()
    recommendations = RecommendationOut(many=True)
