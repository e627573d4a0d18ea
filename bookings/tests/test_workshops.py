"""What workshops promise: their time in the book, seats for friends, the line, moving and cancelling, and one letter each."""

from datetime import timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from bookings.models import Appointment, Seat, TreatmentRoom
from bookings.services import book_slot
from bookings.services.seats import (
    accept_offer,
    give_back_seats,
    join_waitlist,
    leave_line,
    pass_on_offers,
    take_seats,
    undo_give_back,
)
from bookings.services.workshops import (
    cancel_workshop,
    change_workshop,
    mark_attendance,
    move_workshop,
    plan_workshop,
)
from bookings.tests.workshop_world import counted, letters, people, planned, seat_for
from bookings.workshops.seating import gives_back_free
from clinic.audit.models import Event
from clinic.core.errors import DomainError
from clinic.reminders.dispatch import dispatch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hours")]
SOON = timedelta(minutes=3)


def refusal(act) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


def wait(workshop, users, now) -> None:
    for place, each in enumerate(users):
        join_waitlist(workshop=workshop, runner=each.runner, by=each, now=now + timedelta(seconds=place))


def test_its_time_is_a_row_of_the_book_that_nothing_overlaps(visit, therapist, staff, runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    row = Appointment.objects.get()
    assert (row.workshop, row.state, row.service, row.runner, row.end - row.start) == (
        workshop,
        "booked",
        None,
        None,
        timedelta(minutes=90),
    )
    book = {"service": visit, "therapist": therapist.therapist, "runner": runner.runner, "by": runner, "now": now}
    assert refusal(lambda: book_slot(start=thursday + timedelta(minutes=45), **book)) == "slot_taken"
    session = book_slot(start=thursday + timedelta(minutes=90), **book)
    assert refusal(lambda: planned(therapist, staff, session.start, now)) == "slot_taken"
    assert refusal(lambda: planned(therapist, staff, session.start, now, override_reason="Full house")) == "slot_taken"
    assert workshop.seats_words == "0 of 3 seats"


def test_hours_are_passed_with_a_reason_and_a_room_is_found(therapist, other_therapist, staff, thursday, now) -> None:
    evening = thursday + timedelta(hours=10)
    assert refusal(lambda: planned(therapist, staff, evening, now)) == "outside_hours"
    TreatmentRoom.objects.create(name="Room 1")
    made = planned(therapist, staff, evening, now, place="clinic", override_reason="Evening class")
    assert made.booking.treatment_room.name == "Room 1"
    assert made.booking.video_key is None
    assert Event.objects.get(action="workshop.planned").reason == "Evening class"
    more = {"place": "clinic", "override_reason": "Evening class"}
    assert refusal(lambda: planned(other_therapist, staff, evening, now, **more)) == "slot_taken"
    assert refusal(lambda: planned(therapist, therapist, evening + timedelta(days=1), now)) == "not_yours"


def test_a_seat_for_oneself_and_friends_all_or_none(therapist, staff, runner, other_runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    mine = seat_for(workshop, runner, now, "Ana  Silva")
    assert [seat.friend for seat in mine] == ["", "Ana Silva"]
    assert refusal(lambda: seat_for(workshop, other_runner, now, "Ben Hale")) == "full"
    assert counted(workshop) == (2, 2, 0, 0)
    for friends, code in (
        (["Ana Silva"], "bad_friend"),
        ([" "], "bad_friend"),
        (["Li", "LI"], "bad_friend"),
        (["A", "B", "C"], "too_many_friends"),
    ):
        assert refusal(lambda friends=friends: seat_for(workshop, runner, now, *friends)) == code
    assert len(seat_for(workshop, runner, now)) == 2
    assert letters() == [("maya@mail.example", "workshop_24h"), ("maya@mail.example", "workshop_seat")]
    assert refusal(lambda: take_seats(workshop=workshop, runner=runner.runner, by=other_runner, now=now)) == "not_yours"


def test_nobody_is_in_two_places(visit, therapist, other_therapist, staff, runner, thursday, now) -> None:
    visit.therapists.add(other_therapist.therapist)
    workshop = planned(other_therapist, staff, thursday, now, override_reason="Guest")
    session = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    assert refusal(lambda: seat_for(workshop, runner, now)) == "runner_busy"
    assert counted(workshop) == (0, 0, 0, 0)
    session.delete()
    seat_for(workshop, runner, now)
    assert (
        refusal(
            lambda: book_slot(
                service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
            )
        )
        == "runner_busy"
    )


def test_given_back_in_time_is_free_later_it_costs_and_moved_by_us_it_is_free(
    therapist, staff, runner, thursday, now
) -> None:
    workshop = planned(therapist, staff, thursday, now)
    late = thursday - timedelta(hours=24) + timedelta(seconds=1)
    seats = seat_for(workshop, runner, now, "Ana", "Ben")
    assert give_back_seats(seats=seats[1:2], by=runner, now=late - timedelta(seconds=1)).late == []
    assert refusal(lambda: give_back_seats(seats=seats[2:], by=runner, now=late)) == "late_fee"
    assert counted(workshop) == (2, 2, 0, 0)
    assert give_back_seats(seats=seats[2:], by=runner, now=late, accept_fee=True).late == seats[2:]
    move_workshop(workshop=workshop, start=thursday + timedelta(hours=1), by=staff, now=late)
    assert give_back_seats(seats=seats[:1], by=runner, now=thursday).late == []
    assert counted(workshop) == (0, 0, 0, 0)
    assert refusal(lambda: seat_for(workshop, runner, thursday + timedelta(hours=1))) == "too_late"


def test_a_freed_seat_goes_down_the_line(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second, third, stranger = people(4)
    seat = seat_for(workshop, first, now)[0]
    wait(workshop, (second, third), now)
    give_back_seats(seats=[seat], by=first, now=now)
    offer = Seat.objects.get(state="offered")
    assert (offer.runner.user, counted(workshop)) == (second, (1, 0, 1, 1))
    assert offer.offered_until == (now + SOON + (thursday - now - SOON) / 4).replace(second=0)
    assert refusal(lambda: seat_for(workshop, stranger, now)) == "full"
    assert refusal(lambda: leave_line(seat=offer, by=stranger, now=now)) == "not_yours"
    leave_line(seat=offer, by=second, now=now + timedelta(hours=1))
    offer = Seat.objects.get(state="offered")
    assert (offer.runner.user, counted(workshop)) == (third, (1, 0, 1, 0))
    kept = accept_offer(seat=offer, by=third, now=offer.offered_until - timedelta(seconds=1))
    assert accept_offer(seat=kept, by=third, now=thursday - SOON).state == "taken"
    assert counted(workshop) == (1, 1, 0, 0)


def test_a_seat_taken_late_is_given_back_free_for_three_minutes(therapist, staff, runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    held = seat_for(workshop, people(1)[0], now)
    join_waitlist(workshop=workshop, runner=runner.runner, by=runner, now=now)
    late = thursday - timedelta(hours=5)
    give_back_seats(seats=held, by=held[0].runner.user, now=late, accept_fee=True)
    taken = accept_offer(seat=Seat.objects.get(state="offered"), by=runner, now=late + SOON)
    over = late + SOON + timedelta(minutes=3)
    assert gives_back_free(workshop, taken, over)
    assert not gives_back_free(workshop, taken, over + timedelta(seconds=1))


def test_an_offer_that_ran_out_is_passed_on_by_whoever_comes_and_by_the_tick(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second, third, stranger = people(4)
    seat = seat_for(workshop, first, now)[0]
    wait(workshop, (second, third), now)
    give_back_seats(seats=[seat], by=first, now=now)
    offer = Seat.objects.get(state="offered")
    over = offer.offered_until
    assert refusal(lambda: seat_for(workshop, stranger, over)) == "full"
    assert Seat.objects.get(state="offered").runner.user == third
    assert refusal(lambda: accept_offer(seat=offer, by=second, now=over)) == "offer_ended"
    last = Seat.objects.get(state="offered").offered_until
    assert (pass_on_offers(now=last), pass_on_offers(now=last)) == (1, 0)
    assert counted(workshop) == (0, 0, 0, 0)
    assert len(seat_for(workshop, stranger, last)) == 1


def test_in_the_last_hour_a_seat_is_for_whoever_comes_first(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second, third = people(3)
    seat = seat_for(workshop, first, now)[0]
    wait(workshop, (second, third), now)
    late = thursday - timedelta(minutes=50)
    give_back_seats(seats=[seat], by=first, now=late, accept_fee=True)
    assert counted(workshop) == (0, 0, 0, 2)
    assert seat_for(workshop, third, late)[0].state == "taken"
    assert counted(workshop) == (1, 1, 0, 1)


def test_undone_within_three_minutes_nobody_hears_of_it(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second = people(2)
    seat = seat_for(workshop, first, now)[0]
    wait(workshop, [second], now)
    dispatch(now=now + SOON)
    mail.outbox.clear()
    gone = now + timedelta(hours=1)
    give_back_seats(seats=[seat], by=first, now=gone)
    undo_give_back(seats=[seat], by=first, now=gone + SOON - timedelta(seconds=1))
    assert counted(workshop) == (1, 1, 0, 1)
    dispatch(now=gone + timedelta(hours=1))
    assert mail.outbox == []
    give_back_seats(seats=[seat], by=first, now=gone)
    assert refusal(lambda: undo_give_back(seats=[seat], by=first, now=gone + SOON)) == "too_late_to_undo"
    dispatch(now=gone + SOON)
    assert sorted(letter.to[0] for letter in mail.outbox) == [first.email, second.email]


def test_a_seat_given_back_before_its_letter_left_was_never_told(therapist, staff, runner, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    seats = seat_for(workshop, runner, now, "Ana")
    give_back_seats(seats=seats[1:], by=runner, now=now + timedelta(minutes=1))
    assert letters("workshop_seat", "workshop_back") == [(runner.email, "workshop_seat")]
    give_back_seats(seats=seats[:1], by=runner, now=now + timedelta(minutes=2))
    assert letters() == []


def test_moved_everybody_is_told_once_and_the_calendar_follows(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    first, second = people(2)
    mine = seat_for(workshop, first, now, "Ana")
    seat_for(workshop, second, now)
    dispatch(now=now + SOON)
    mail.outbox.clear()
    assert move_workshop(workshop=workshop, start=thursday + timedelta(hours=4), by=staff, now=now + SOON) == 2
    assert letters("workshop_moved") == [(first.email, "workshop_moved"), (second.email, "workshop_moved")]
    dispatch(now=now + timedelta(minutes=4))
    assert sorted(letter.to[0] for letter in mail.outbox) == [first.email, second.email]
    letter = next(each for each in mail.outbox if each.to == [first.email])
    assert letter.subject == "Moved: Running form is now on Thursday 26 November, 13:00"
    _, content, kind = letter.attachments[0]
    event = Calendar.from_ical(content).walk("VEVENT")[0]
    assert (kind, event["uid"], event["sequence"], event["dtstart"].dt) == (
        "text/calendar; method=REQUEST",
        f"{mine[0].pk}@127.0.0.1",
        1,
        thursday + timedelta(hours=4),
    )
    same = {"workshop": workshop, "by": staff, "now": now}
    assert refusal(lambda: move_workshop(start=thursday + timedelta(hours=4), **same)) == "same_time"


def test_moved_an_offer_is_told_once_too(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=1)
    first, second = people(2)
    seat = seat_for(workshop, first, now)[0]
    wait(workshop, [second], now)
    give_back_seats(seats=[seat], by=first, now=now)
    assert move_workshop(workshop=workshop, start=thursday + timedelta(hours=4), by=staff, now=now) == 0
    dispatch(now=now + SOON)
    assert [letter.subject for letter in mail.outbox] == [
        "A seat is free: Running form, Thursday 26 November, 13:00",
    ]
    mail.outbox.clear()
    assert move_workshop(workshop=workshop, start=thursday, by=staff, now=now + SOON) == 1
    dispatch(now=now + timedelta(minutes=4))
    assert "The seat we offered you is kept until" in mail.outbox[0].body


def test_cancelled_it_frees_the_time_and_tells_each_runner_once(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now)
    first, second, third = people(3)
    mine = seat_for(workshop, first, now, "Ana", "Ben")
    wait(workshop, (second, third), now)
    dispatch(now=now + SOON)
    mail.outbox.clear()
    assert refusal(lambda: cancel_workshop(workshop=workshop, by=staff, now=now, reason=" ")) == "reason_needed"
    assert cancel_workshop(workshop=workshop, by=staff, now=now + SOON, reason="Nadia is ill") == 3
    assert cancel_workshop(workshop=workshop, by=staff, now=now + SOON, reason="Nadia is ill") == 0
    assert counted(workshop) == (0, 0, 0, 0)
    dispatch(now=now + timedelta(minutes=4))
    assert sorted(letter.to[0] for letter in mail.outbox) == [first.email, second.email, third.email]
    assert "ill" not in mail.outbox[0].body
    told = next(each for each in mail.outbox if each.to == [first.email])
    event = Calendar.from_ical(told.attachments[0][1])
    assert (event["method"], event.walk("VEVENT")[0]["uid"]) == ("CANCEL", f"{mine[0].pk}@127.0.0.1")
    assert planned(therapist, staff, thursday, now).booking.start == thursday
    assert refusal(lambda: seat_for(workshop, first, now)) == "cancelled"


def test_more_seats_go_to_the_line_and_never_fewer_than_taken(therapist, staff, thursday, now) -> None:
    workshop = planned(therapist, staff, thursday, now, capacity=2)
    crowd = people(4)
    for each in crowd[:2]:
        seat_for(workshop, each, now)
    wait(workshop, crowd[2:], now)
    change = {"workshop": workshop, "by": staff, "now": now}
    assert refusal(lambda: change_workshop(changes={"capacity": 1}, **change)) == "bad_capacity"
    change_workshop(changes={"capacity": 3, "title": "Form"}, **change)
    assert counted(workshop) == (3, 2, 1, 1)
    assert Seat.objects.get(state="offered").runner.user == crowd[2]
    assert Event.objects.get(action="workshop.changed").changes == {
        "capacity": [2, 3],
        "title": ["Running form", "Form"],
    }


def test_who_came_is_marked_by_staff_and_its_therapist(
    therapist, other_therapist, staff, runner, thursday, now
) -> None:
    seat = seat_for(planned(therapist, staff, thursday, now), runner, now)[0]
    mark = {"seat": seat, "attended": True}
    early = thursday - timedelta(hours=1, seconds=1)
    assert refusal(lambda: mark_attendance(by=staff, now=early, **mark)) == "too_early"
    assert refusal(lambda: mark_attendance(by=other_therapist, now=thursday, **mark)) == "not_yours"
    assert mark_attendance(by=therapist, now=thursday, **mark).attended is True
    assert mark_attendance(seat=seat, attended=None, by=staff, now=thursday).attended is None


@pytest.mark.parametrize(("minutes", "code"), [(10, "bad_length"), (481, "bad_length")])
def test_lengths_that_no_day_has_are_refused(therapist, staff, thursday, now, minutes, code) -> None:
    facts = {"title": "Form", "capacity": 4, "therapist": therapist.therapist, "place": "online"}
    assert refusal(lambda: plan_workshop(start=thursday, minutes=minutes, by=staff, now=now, **facts)) == code
    assert not Appointment.objects.exists()
