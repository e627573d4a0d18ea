"""The verbs of booking. Keyword-only, each in one transaction, each with `by` (the acting User) and `now` (UTC).

Refusals are `clinic.core.errors.DomainError`: `Conflict` (409) with code `slot_taken` ("That time has just gone"),
`runner_busy` or `hold_ended`; 422 with `too_soon`, `too_far`, `not_offered`, `outside_hours`, `in_the_past`,
`not_a_start`, `day_full`, `too_late_to_change`, `late_fee`, `reason_needed`, `not_booked`; `Forbidden` with `not_yours`.

    hold_slot(service, therapist | None, runner, start, by, now) -> Appointment (held, hold_expires_at 5 min on)
    confirm_hold(appointment, by, now) -> Appointment (booked)
    release_hold(appointment, by, now) -> None
    book_slot(service, therapist | None, runner, start, by, now, override_reason="") -> Appointment
    book_for_caller(service, therapist | None, start, name, email, phone, by, now, override_reason="") -> Appointment
    hold_for_visitor(service, therapist | None, start, browser, source, zone, now) -> Visitor   (no account, no runner)
    ask_code(visitor, name, email, phone, source, now) -> (Visitor, code | None); prove(visitor, code, now) -> Appointment
    adopt_hold(visitor, runner, by, now) -> Appointment (held)     after a log-in
    foresee_move(appointment, start, now) -> None              raises what would refuse the move
    move_appointment(appointment, start, by, now, therapist=None, reason="", override=False) -> Appointment
    cancel_appointment(appointment, by, now, reason="", accept_fee=False) -> Appointment   (late_fee_pence where it costs)
    waive_late_fee(appointment, by, reason) -> Appointment
    undo(change, by, now) -> Appointment        within UNDO (3 minutes) of the act; letters wait as long
    join_waitlist(service, therapist | None, runner, first, last | None, by, now, weekdays, parts, exchange_for=None, note="")
        -> WaitlistEntry; leave_waitlist(entry, by, now) -> WaitlistEntry; offer_free_times(now) -> int
    offer_instead(appointment, start, therapist, by, now, answer_until, beyond_rules=False) -> Offer   (a hold, and its letter)
    accept_offer(offer, by, now) -> Appointment; decline_offer(offer, by, now, cancel=False) -> Offer; withdraw_offer, expire_offers
    choose_times(runner, weekdays, parts, same_therapist, by, now) -> TimePreference
    mark_arrived / mark_completed / mark_no_show / mark_booked(appointment, by, now) -> Appointment
    set_weekly_hours(therapist, ranges: list[HoursRange(weekday, starts, ends, place="either")], valid_from, by, now,
        valid_until=None, instead_of=None) -> HoursChange(hours, hit, holds, offers)
        hit = booked appointments now outside the hours; holds and offers = what ended because it lay there
    take_back_week(therapist, first, by, now) -> HoursChange
    set_override(therapist, on, ranges: list[DayRange(starts, ends, place, closed)], by, now, replace=False, note="",
        instead_of=None) -> HoursChange; clear_overrides(therapist, on, by, now) -> HoursChange
    add_time_off(therapist, start, end, reason, by, now) -> TimeOffAdded(time_off, hit, holds, offers)
    remove_time_off(time_off, by, now) -> None

`therapist=None` is "anyone": the least loaded that day of those who are free. `override_reason` / `override=True` with
`reason` lets staff pass notice, horizon and hours, never an overlap and never the past. What books takes `payer` and
`insurer` ("": the runner pays); what changes a session takes `versions`, those the caller has read (none: whatever stands),
and raises `clinic.core.etags.Changed` (412) where another stands by now.
"""

from bookings.services.attendance import mark_arrived, mark_booked, mark_completed, mark_no_show
from bookings.services.booking import book_for_caller, book_slot
from bookings.services.changing import (
    cancel_appointment,
    foresee_move,
    may_cancel,
    may_change,
    move_appointment,
    waive_late_fee,
)
from bookings.services.holding import confirm_hold, hold_slot, release_hold
from bookings.services.hours import (
    DayRange,
    HoursChange,
    HoursRange,
    TimeOffAdded,
    add_time_off,
    clear_overrides,
    remove_time_off,
    set_override,
    set_weekly_hours,
    take_back_week,
    today_of,
    weeks_of,
)
from bookings.services.offering import offer_instead
from bookings.services.offers import accept_offer, decline_offer, expire_offers, withdraw_offer
from bookings.services.preferring import choose_times
from bookings.services.stranded import stranded, stranded_and_clashing
from bookings.services.undoing import UNDO, act_of, last_of_a_series, last_undoable, may_undo, undo
from bookings.services.visitors import adopt_hold, ask_code, hold_for_visitor, prove, release_visitor
from bookings.services.waitlist import join_waitlist, leave_waitlist, offer_free_times

__all__ = [
    "UNDO",
    "DayRange",
    "HoursChange",
    "HoursRange",
    "TimeOffAdded",
    "accept_offer",
    "act_of",
    "add_time_off",
    "adopt_hold",
    "ask_code",
    "book_for_caller",
    "book_slot",
    "cancel_appointment",
    "choose_times",
    "clear_overrides",
    "confirm_hold",
    "decline_offer",
    "expire_offers",
    "foresee_move",
    "hold_for_visitor",
    "hold_slot",
    "join_waitlist",
    "last_of_a_series",
    "last_undoable",
    "leave_waitlist",
    "mark_arrived",
    "mark_booked",
    "mark_completed",
    "mark_no_show",
    "may_cancel",
    "may_change",
    "may_undo",
    "move_appointment",
    "offer_free_times",
    "offer_instead",
    "prove",
    "release_hold",
    "release_visitor",
    "remove_time_off",
    "set_override",
    "set_weekly_hours",
    "stranded",
    "stranded_and_clashing",
    "take_back_week",
    "today_of",
    "undo",
    "waive_late_fee",
    "weeks_of",
    "withdraw_offer",
]
