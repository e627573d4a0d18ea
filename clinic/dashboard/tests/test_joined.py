"""Records read with their children in one join are what prefetching gives, those without any included."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import prefetch_related_objects
from pytest_django.fixtures import DjangoAssertNumQueries

from clinic.core.joined import with_children
from clinic.people.models import User
from exercises.models import Programme, SessionLog


def test_children_come_with_their_parents_in_one_query(
    runner: User,
    therapist: User,
    plan: Callable[..., Programme],
    log: Callable[..., SessionLog],
    now,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    programme = plan(runner.runner, therapist.therapist)
    full, empty = (log(programme, now.date() - timedelta(days=ago), pain=ago) for ago in (1, 2))
    empty.sets.all().delete()
    with django_assert_num_queries(1):
        read = with_children(
            SessionLog.objects.order_by("-on", "sets__number"), "sets", ones=("programme",), theirs=("prescription",)
        )
        sets = [[(each.session_log, each.prescription, each.reps) for each in one.sets.all()] for one in read]
        assert [one.programme for one in read] == [programme, programme]
    prefetch_related_objects([full, empty], "sets__prescription")
    assert read == [full, empty]
    assert [one.pain for one in read] == [1, 2]
    assert sets == [[(full, full.sets.all()[0].prescription, 8)], []]
