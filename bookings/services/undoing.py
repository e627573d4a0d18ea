"""Three minutes in which an act on a session can be taken back, before anybody was told of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bookings import messages
from bookings.availability import decide
from bookings.letters import series as series_letters
from bookings.letters.offers import WISH_ENDED
from bookings.models import Appointment, Change, Offer, WaitlistEntry
from bookings.models.appointments import UNDO, State
from bookings.models.waitlist import EntryState, OfferState
from bookings.services.changes import act_of, remember, restored, standing
from bookings.services.offers import lock_with, turn_down, withdraw_offer
from bookings.services.transactions import current, drop_lapsed_holds, require, whole
from bookings.services.waitlist import end_wish
from clinic.audit.services import record
from clinic.core.errors import Conflict, DomainError
from clinic.people.models import TherapistProfile, User

__all__ = ["UNDO", "act_of", "last_of_a_series", "last_undoable", "may_undo", "remember", "standing", "undo"]

UNDONE = "Undone."


def may_undo(change: Change, by: User, now: datetime) -> bool:
    """Whether `by` may still take the change back at `now`: who did it, or staff, until UNDO is over (exclusive)."""
    return change.undone_at is None and now < change.at + UNDO and (by.is_clinic_staff or change.by_id == by.pk)


def last_undoable(appointment: Appointment, by: User, now: datetime) -> Change | None:
    """The last thing done to the session, where `by` did it less than UNDO ago; one query."""
    last = Change.objects.filter(appointment=appointment, undone_at=None).order_by("-at", "-sequence").first()
    return last if last is not None and last.by_id == by.pk and may_undo(last, by, now) else None


def last_of_a_series(by: User, now: datetime) -> Change | None:
    """What `by` did to a whole series less than UNDO ago, if that was the last thing done to it; one query."""
    acts = Change.objects.filter(by=by, at__gt=now - UNDO, undone_at=None, appointment__series__isnull=False)
    last = acts.select_related("appointment").order_by("-at").first()
    if last is None or last.kind not in (Change.Kind.BOOKED, Change.Kind.CANCELLED):
        return None
    return last if last.sequence == last.appointment.sequence else None


@whole
def undo(*, change: Change, by: User, now: datetime) -> Appointment:
    """Put the session back as it stood before `change`, and take its letters back. A second time changes nothing.

    What was done to a series in one act is undone in one act, all or none. An undone booking ends like a hold that lapsed:
    it was never a session. Undoing what took an offer declines it: the wish waits again in its old place, and its time
    goes to the next. Raises Conflict `too_late_to_undo` from UNDO on, or when a letter has left; `changed_meanwhile`;
    `slot_taken` or `runner_busy` when the old time was taken meanwhile; Forbidden `not_yours`.
    """
    require(by.is_clinic_staff or change.by_id == by.pk)
    acts = act_of(change)
    had = {act.before.get("therapist_id", act.appointment.therapist_id) for act in acts}
    were_with = TherapistProfile.objects.in_bulk(had)
    people = [*were_with.values(), *(act.appointment.therapist for act in acts)]
    offers = Offer.objects.filter(entry__in=[act.wish_id for act in acts if act.wish_id is not None])
    lock_with(offers, therapists=people, runner=change.appointment.runner, service=change.appointment.service)
    acts = act_of(change)
    if any(act.pk == change.pk and act.undone_at is not None for act in acts):
        return current(change.appointment)
    back = {act.pk: take_back(act, were_with, by=by, now=now) for act in acts}
    if (series := change.appointment.series) is not None:
        series_letters.plan_undone(series, change, now=now)
    return back[change.pk]


def take_back(act: Change, were_with: Mapping[int, TherapistProfile], *, by: User, now: datetime) -> Appointment:
    """Undo one change of a session, read once its people were locked."""
    found, before = current(act.appointment), restored(act.before)
    was_with = were_with[before.get("therapist_id", act.appointment.therapist_id)]
    if now >= act.at + UNDO:
        raise Conflict(
            "The three minutes are over, and the letter has left. Move or cancel the session instead.",
            code="too_late_to_undo",
        )
    others = Change.objects.filter(appointment=found, undone_at=None).exclude(pk=act.pk)
    if found.sequence != act.sequence or others.filter(at__gt=act.at).exists():
        raise Conflict("This session was changed again meanwhile. Look at it first.", code="changed_meanwhile")
    now_standing = standing(found)
    put_back(found, act, before, was_with, now)
    put_wish_back(found, act, by=by, now=now)
    is_mark = act.kind == Change.Kind.MARKED
    found.sequence += 0 if is_mark else 1
    found.save()
    act.undone_at = now
    act.save(update_fields=["undone_at"])
    earlier = list(others.order_by("-at", "-sequence"))
    record(
        by=by,
        action="appointment.undone",
        subject=found,
        runner=found.runner,
        reason=act.get_kind_display(),
        changes={
            name: [value, getattr(found, name)] for name, value in now_standing.items() if value != getattr(found, name)
        },
    )
    if not is_mark:
        messages.plan_undone(found, act=act, earlier=earlier, now=now)
    for last in earlier[:1]:
        last.sequence = found.sequence
        last.save(update_fields=["sequence"])
    return found


def put_back(found: Appointment, act: Change, before: dict, was_with: TherapistProfile, now: datetime) -> None:
    """Set the fields of `found` to what they were; where that takes time again, only if the time is still free."""
    if act.kind == Change.Kind.BOOKED:
        if found.state != State.BOOKED:
            raise DomainError("This session is not booked any more. Look at it again.", code="not_booked")
        found.state, found.cancel_reason, found.cancelled_at = State.CANCELLED, UNDONE, now
        found.hold_expires_at = now
        return
    now_kept = found if found.state != State.CANCELLED else None
    for name, value in before.items():
        setattr(found, name, value)
    found.therapist = was_with
    if act.kind != Change.Kind.MARKED:
        retake(found, moving=now_kept, now=now)


def put_wish_back(found: Appointment, act: Change, *, by: User, now: datetime) -> None:
    """Decline the offer `act` took and let its wish wait again; end a wish that the cancellation began.

    Raises Conflict `changed_meanwhile` where that one has brought the runner another time.
    """
    if act.offer is not None and by is not None:
        turn_down(act.offer, found, by=by, now=now, reason=UNDONE)
    if act.wish is None:
        return
    if act.kind != Change.Kind.CANCELLED:
        fulfilled = WaitlistEntry.objects.filter(pk=act.wish.pk, state=EntryState.BOOKED)
        if fulfilled.update(state=EntryState.WAITING, ended_at=None):
            record(by=by, action="waitlist.waits_again", subject=act.wish, runner=found.runner, reason=UNDONE)
        return
    if act.wish.state == EntryState.BOOKED:
        raise Conflict(
            "The runner has taken another time meanwhile. The session stays cancelled.", code="changed_meanwhile"
        )
    for offer in Offer.objects.filter(entry=act.wish, state=OfferState.OPEN):
        withdraw_offer(offer=offer, by=None, now=now, why=WISH_ENDED)
    end_wish(entry=act.wish, by=by, now=now)


def retake(found: Appointment, *, moving: Appointment | None, now: datetime) -> None:
    """Take the time `found` names, in its own length, past notice and hours; raises the refusal.

    Its room and equipment are those it had, or others that are free.
    """
    drop_lapsed_holds(
        therapist=found.therapist,
        runner=found.runner,
        needs_room=found.treatment_room_id is not None,
        needs_equipment=found.equipment_id is not None,
        keeps_holds=False,
        start=found.busy_from,
        end=found.busy_until,
        now=now,
    )
    try:
        verdict = decide(
            service=found.service,
            therapist=found.therapist,
            runner=found.runner,
            start=found.start,
            now=min(now, found.start - timedelta(seconds=1)),
            moving=moving,
            beyond_rules=True,
            length=found.length,
            offered_by={found.therapist_id: found.zone},
        )
    except Conflict as refused:
        whose = "The runner has something else at" if refused.code == "runner_busy" else "Somebody else has"
        raise Conflict(f"{whose} the old time by now, so this cannot be undone.", code=refused.code) from refused
    found.treatment_room_id = kept(found, "treatment_room", verdict.room_id, now)
    found.equipment_id = kept(found, "equipment", verdict.equipment_id, now)


def kept(found: Appointment, what: str, free: int | None, now: datetime) -> int | None:
    """The key of the room or equipment (`what`) the session had, or the `free` one where that was taken meanwhile."""
    had: int | None = getattr(found, f"{what}_id")
    if had is None or had == free:
        return free
    there = Appointment.objects.live(now).filter(busy_from__lt=found.busy_until, busy_until__gt=found.busy_from)
    return free if there.filter(**{what: had}).exclude(pk=found.pk).exists() else had
