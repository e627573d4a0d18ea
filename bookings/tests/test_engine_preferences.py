"""What suits a runner is marked and comes first; nothing is hidden for it."""

from datetime import timedelta

from bookings.availability import find_slots
from bookings.models import Appointment, PartOfDay, TimePreference
from bookings.preferences import Likes, known_first, likes_of, marked, suiting_first
from bookings.services import book_slot


def test_evenings_on_the_runners_own_clock(visit, hours, runner, thursday, now, django_assert_num_queries) -> None:
    runner.zone = "Asia/Tokyo"
    runner.save()
    TimePreference.objects.create(runner=runner.runner, weekdays=0b0001000, parts=PartOfDay.EVENING)
    with django_assert_num_queries(2):
        likes = likes_of(runner.runner, visit)
    days = {"first": thursday.date(), "last": thursday.date() + timedelta(days=1)}
    found = find_slots(service=visit, zone="Europe/London", now=now, **days)
    suiting = [f"{each.slot.start:%a %H:%M}" for each in marked(found, likes) if each.suits]
    assert suiting == ["Thu 09:00", "Thu 09:45", "Thu 10:30", "Thu 11:15", "Thu 13:00", "Thu 13:45", "Thu 14:30"]
    ordered = suiting_first(found, likes)
    assert [f"{slot.start:%a %H:%M}" for slot in ordered[:7]] == suiting
    assert sorted(ordered) == sorted(found)


def test_the_therapist_seen_last_comes_first_for_follow_ups(
    visit, hours, therapist, other_therapist, runner, thursday, now
) -> None:
    people = [other_therapist.therapist, therapist.therapist]
    assert known_first(people, likes_of(runner.runner, visit)) == people
    book_slot(service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now)
    assert known_first(people, likes_of(runner.runner, visit))[0] == therapist.therapist
    Appointment.objects.update(state="cancelled")
    assert likes_of(runner.runner, visit).therapist_id is None
    Appointment.objects.update(state="completed")
    visit.is_first_visit = True
    assert likes_of(runner.runner, visit).therapist_id is None
    visit.is_first_visit = False
    TimePreference.objects.create(runner=runner.runner, same_therapist=False)
    assert likes_of(runner.runner, visit).therapist_id is None


def test_without_wishes_everything_suits(visit, hours, runner, thursday, now) -> None:
    found = find_slots(service=visit, first=thursday.date(), last=thursday.date(), zone="Europe/London", now=now)
    likes = Likes(TimePreference(), "Europe/London", None)
    assert all(each.suits for each in marked(found, likes))
    assert suiting_first(found, likes) == found
