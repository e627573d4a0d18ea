"""Exercises, programmes and logs over the API. Each write is one call of one verb."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from clinic.audit.services import record_reading
from clinic.core.errors import DomainError, Forbidden
from clinic.people.access import Call, get_runner
from exercises import access, doses, today
from exercises.api.serializers import (
    DoseIn,
    ExerciseCard,
    ExerciseOut,
    LibraryOut,
    LogIn,
    LogOut,
    ProgrammeIn,
    ProgrammeOut,
    TodayOut,
)
from exercises.catalogue import catalogue
from exercises.models import Exercise, Prescription, Programme
from exercises.services import create_programme, log_day
from exercises.services.logging import DoneSet
from exercises.shelves import SHELVES

Cursor: Any = api_settings.DEFAULT_PAGINATION_CLASS


class NewestFirst(Cursor):
    ordering = ("-starts_on", "-created_at", "pk")


class LibraryView(APIView):
    """The public library, best answers first."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="exercises_list",
        auth=[],
        parameters=[
            OpenApiParameter("q", str, description="Words as people type them; a slip of the finger is read over."),
            OpenApiParameter("exactly", bool, description="Read nothing over."),
            *(OpenApiParameter(shelf.name, str, enum=[choice.key for choice in shelf.choices]) for shelf in SHELVES),
        ],
        responses=LibraryOut,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        wanted = {}
        for shelf in SHELVES:
            asked = query.get(shelf.name, "")
            if asked and shelf.chosen(query) is None:
                known = ", ".join(choice.key for choice in shelf.choices)
                raise DomainError(
                    f"There is no {shelf.name} called {asked[:40]!r}.",
                    code="unknown_choice",
                    fields={shelf.name: f"Use {known}."},
                )
            if asked:
                wanted[shelf.name] = asked
        answer = catalogue().search(query.get("q", ""), exactly=query.get("exactly", "") in ("1", "true"))
        found = answer.narrow(wanted)
        facets = {shelf.name: answer.count(wanted, shelf) for shelf in SHELVES}
        return Response(
            {
                "next": None,
                "previous": None,
                "read_as": answer.read_as,
                "facets": facets,
                "results": ExerciseCard(found, many=True).data,
            }
        )


class ExerciseView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(auth=[], responses=ExerciseOut)
    def get(self, request: Request, slug: str) -> Response:
        """One exercise with cues, faults, dose, contraindications and variations."""
        return Response(ExerciseOut(access.get_exercise(slug)).data)


class ProgrammesView(generics.ListAPIView):
    """A runner's own programmes; for a therapist those of the runners in care."""

    queryset = Programme.objects.none()  # for the schema; see get_queryset
    request: Call
    serializer_class = ProgrammeOut
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Programme]:
        return Programme.objects.visible_to(self.request.user).with_plan()

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        for programme in {each.runner_id: each for each in page or []}.values():
            record_reading(by=self.request.user, runner=programme.runner, what="programmes")
        return page

    @extend_schema(request=ProgrammeIn, responses={201: ProgrammeOut})
    def post(self, request: Call) -> Response:
        """A programme for a runner in care; it takes the place of the one followed until then. Therapists only."""
        if not request.user.is_therapist:
            raise Forbidden("Only a therapist who has this runner in care sets the programme.", code="not_in_care")
        library = {each.slug: each for each in Exercise.objects.active()}
        sent = ProgrammeIn(data=request.data, context={"library": library})
        sent.is_valid(raise_exception=True)
        values, now = sent.validated_data, timezone.now()
        runner = get_runner(request.user, values["runner"])
        made = create_programme(
            runner=runner,
            therapist=request.user.therapist,
            by=request.user,
            title=values["title"],
            doses=[DoseIn().dose(dose) for dose in values["exercises"]],
            weeks=values["weeks"],
            starts_on=values.get("starts_on") or now.astimezone(runner.user.tz).date(),
            now=now,
        )
        shown = access.get_programme(request.user, made.pk)
        return Response(ProgrammeOut(shown).data, status=status.HTTP_201_CREATED)


class ProgrammeView(APIView):
    @extend_schema(responses=ProgrammeOut)
    def get(self, request: Call, programme_id: UUID) -> Response:
        """One programme with its phases."""
        programme = access.get_programme(request.user, programme_id)
        record_reading(by=request.user, runner=programme.runner, what="programme")
        return Response(ProgrammeOut(programme).data)


class TodayView(APIView):
    @extend_schema(responses=TodayOut)
    def get(self, request: Call, programme_id: UUID) -> Response:
        """The exercises of the runner's today, with what is done."""
        programme = access.get_programme(request.user, programme_id)
        record_reading(by=request.user, runner=programme.runner, what="today's exercises")
        user = programme.runner.user
        on = timezone.now().astimezone(user.tz).date()
        rows = today.rows_of(programme, on) if programme.state == "active" else []
        left = doses.minutes(row.prescription for row in rows if not row.done)
        return Response(TodayOut({"on": on, "zone": user.zone, "minutes_left": left, "exercises": rows}).data)


class LogsView(APIView):
    @extend_schema(request=LogIn, responses={201: LogOut})
    def post(self, request: Call) -> Response:
        """What a runner did of a programme on a day; the same call again changes nothing. With what the pain means."""
        sent = LogIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values, now = sent.validated_data, timezone.now()
        programme = access.get_programme(request.user, values["programme"])
        log = log_day(
            programme=programme,
            by=request.user,
            on=values.get("on") or now.astimezone(request.user.tz).date(),
            now=now,
            done=done_of(programme, values.get("done", [])),
            pain=values.get("pain"),
            effort=values.get("effort"),
            note=values.get("note", ""),
        )
        return Response(LogOut(log).data, status=status.HTTP_201_CREATED)


def done_of(programme: Programme, sent: list[dict[str, Any]]) -> dict[Prescription, list[DoneSet] | None]:
    """Raises DomainError `unknown_prescription` for one that is not of this programme."""
    own: dict[int, Prescription] = {}
    for phase in programme.phases.all():
        phase.programme = programme
        for each in phase.prescriptions.all():
            each.phase = phase
            own[each.pk] = each
    found: dict[Prescription, list[DoneSet] | None] = {}
    for index, row in enumerate(sent):
        if row["prescription"] not in own:
            raise DomainError(
                "This exercise is not in the programme. Read the programme again.",
                code="unknown_prescription",
                fields={f"done.{index}.prescription": "Not in this programme."},
            )
        found[own[row["prescription"]]] = [DoneSet(**each) for each in row["sets"]] if "sets" in row else None
    return found
