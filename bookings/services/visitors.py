"""Booking without an account: a time is held for a browser, a code proves the address, then it is booked.

Until the code is typed nothing here is matched with anybody's record, and a page answers alike whether an address is
known or not: a stranger learns nothing.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from bookings.models import Appointment, Service, Visitor
from bookings.models.appointments import State
from bookings.services.booking import attempt, checked_start, enter, told
from bookings.services.holding import GRACE, HOLD, require_no_seat
from bookings.services.paying import pay_by
from bookings.services.transactions import current, hold_ended, let_go, lock, whole
from bookings.throttle import count, require_under
from clinic.audit.services import record
from clinic.core.errors import DomainError, Forbidden
from clinic.people.addresses import refuse_demo_address
from clinic.people.models import RunnerProfile, TherapistProfile, User
from clinic.people.services import agree_to_health_data, prove_address, register_runner

LONGEST_HOLD = timedelta(minutes=15)
"""A time is kept so long at most from the first tap, so that a slow mail does not lose it."""

OVER = "The time we kept for you is over, and it is open to others again. Choose it once more."
TRIES = 5
HOLDS_AN_HOUR, CODES_AN_HOUR, CODES_TO_ONE = 30, 12, 4
"""Per source address, per source address, and per e-mail address."""


def hold_for_visitor(
    *,
    service: Service,
    therapist: TherapistProfile | None,
    start: datetime,
    browser: str,
    source: str,
    zone: str,
    now: datetime,
) -> Visitor:
    """Keep `start` for the browser with this hash until five minutes after `now`; its earlier hold is let go.

    `source` is where it asks from (an IP address). Raises what `book_slot` raises, and TooMany `too_often`.
    """
    start = checked_start(start, now)
    mine = held_by(browser, now)
    if mine is not None and (mine.hold.service, mine.hold.start) == (service, start):
        wanted = therapist or mine.hold.therapist
        if wanted == mine.hold.therapist:
            return mine
    require_under("visitor holds", source, HOLDS_AN_HOUR)
    made: list[Visitor] = []

    @whole
    def keep(chosen: TherapistProfile) -> Appointment:
        one_at_a_time(browser)
        free(browser, now, taking=[chosen])
        held = enter(
            service=service, therapist=chosen, runner=None, start=start, by=None, now=now, hold_expires_at=now + HOLD
        )
        made[:] = [Visitor.objects.create(hold=held, session_hash=browser, zone=zone, made_at=now)]
        return held

    own = mine.hold.therapist if mine is not None else None
    if own is not None and therapist in (None, own):
        try:  # their own hold may be what stands in the way
            keep(own)
        except DomainError:
            attempt(keep, service=service, therapist=therapist, runner=None, start=start, now=now)
    else:
        attempt(keep, service=service, therapist=therapist, runner=None, start=start, now=now)
    count("visitor holds", source)
    return made[0]


def one_at_a_time(browser: str) -> None:
    """Two taps of one browser wait for each other, until the transaction ends. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [browser])


def held_by(browser: str, now: datetime) -> Visitor | None:
    """What the browser with this hash holds at `now`, with its people; one query."""
    mine = Visitor.objects.filter(session_hash=browser, proven_at=None, hold__runner=None, hold__state=State.HELD)
    mine = mine.filter(hold__hold_expires_at__gt=now)
    return mine.select_related("hold__service", "hold__therapist__user", "hold__treatment_room").first()


def free(browser: str, now: datetime, *, taking: Sequence[TherapistProfile] = ()) -> None:
    """Free what the browser holds, its therapist locked first with those of `taking`. Freeing nothing is fine."""
    held = Visitor.objects.filter(session_hash=browser, hold__runner=None, hold__state=State.HELD)
    found = list(held.select_related("hold__therapist"))
    if found:
        lock(therapists=[*taking, *(each.hold.therapist for each in found)], runner=None, service=None)
        let_go(Appointment.objects.filter(pk__in=[each.hold_id for each in found]), by=None, now=now)


@whole
def release_visitor(*, browser: str, now: datetime) -> None:
    """The visitor lets their time go."""
    free(browser, now)


def ask_code(
    *, visitor: Visitor, name: str, email: str, phone: str, source: str, now: datetime
) -> tuple[Visitor, str | None]:
    """Keep what the visitor typed and make a new code for their address; the hold lasts up to fifteen minutes in all.

    Returns the code to be mailed; None for an address of the team or of a closed account, which gets a neutral letter and
    whose code fits nothing. Raises DomainError `bad_email`, `no_name`; Conflict `hold_ended`; TooMany `too_often`.
    """
    name, email, phone = " ".join(name.split())[:120], email.strip().lower(), " ".join(phone.split())[:32]
    require_details(name, email)
    require_under("codes to", email, CODES_TO_ONE)
    require_under("codes from", source, CODES_AN_HOUR)
    known = User.objects.filter(email__iexact=email).first()
    may_book = known is None or (known.is_runner and known.is_active)
    code = f"{secrets.randbelow(1_000_000):06d}"

    @whole
    def keep() -> Visitor:
        found = locked(visitor, now)
        found.name, found.email, found.phone = name, email, phone
        found.code_hash = hashed(found, code if may_book else secrets.token_urlsafe(16))
        found.code_sent_at, found.tries = now, 0
        found.save()
        until = max(found.hold.hold_expires_at or now, found.made_at + LONGEST_HOLD)
        Appointment.objects.filter(pk=found.hold_id).update(hold_expires_at=until)
        found.hold.hold_expires_at = until
        record(by=None, action="hold.code_sent", subject=found.hold)
        return found

    kept = keep()
    count("codes to", email)
    count("codes from", source)
    return kept, code if may_book else None


def require_details(name: str, email: str) -> None:
    """Raises DomainError `no_name` or `bad_email`."""
    if not name:
        sentence = "Type your name, as your therapist should say it."
        raise DomainError(sentence, code="no_name", fields={"name": sentence})
    try:
        validate_email(email)
        refuse_demo_address(email)
    except ValidationError as wrong:
        told_why = "Use your own" in " ".join(wrong.messages)
        sentence = (
            " ".join(wrong.messages) if told_why else "The part after the @ needs a dot, as in name@mail.example."
        )
        raise DomainError(sentence, code="bad_email", fields={"email": sentence}) from None


def prove(*, visitor: Visitor, code: str, now: datetime, payer: str = "", insurer: str = "") -> Appointment:
    """Book the held time for whoever reads the mail of the visitor's address: the runner with it, or a new one.

    Nobody is logged in by it. A second time changes nothing. Raises DomainError `wrong_code`, `code_void` (after five
    tries, or without a code); Conflict `hold_ended`, `runner_busy`; what `pay_by` raises.
    """
    waiting = Visitor.objects.filter(pk=visitor.pk, tries__lt=TRIES).exclude(code_hash="")
    if not waiting.update(tries=F("tries") + 1):
        sentence = "This code is used up. Let us send you a new one."
        raise DomainError(sentence, code="code_void", fields={"code": sentence})
    visitor.refresh_from_db()
    digits = "".join(sign for sign in code if sign.isdigit())
    if not constant_time_compare(hashed(visitor, digits), visitor.code_hash):
        left = TRIES - visitor.tries
        sentence = (
            "This code does not fit. Look at the newest e-mail and type it again."
            if left
            else "This code does not fit, and five tries are used up. Let us send you a new one."
        )
        raise DomainError(sentence, code="wrong_code", fields={"code": sentence})

    @whole
    def book() -> Appointment:
        runner = register_runner(
            name=visitor.name, email=visitor.email, phone=visitor.phone, by=None, zone=visitor.zone
        )
        found = locked(visitor, now, grace=GRACE, runner=runner)
        held = found.hold
        if held.state == State.BOOKED:
            return held
        agree_to_health_data(user=runner.user, now=now)
        prove_address(user=runner.user)
        take_over(held, runner, now)
        held.state, held.hold_expires_at, held.booked_at = State.BOOKED, None, now
        held.full_clean()
        held.save()
        found.proven_at = now
        found.save(update_fields=["proven_at"])
        pay_by(held, payer, insurer)
        return told(held, by=runner.user, now=now, reason="Without a log-in: by the code from the mail.")

    return book()


@whole
def adopt_hold(*, visitor: Visitor, runner: RunnerProfile, by: User, now: datetime) -> Appointment:
    """The visitor has logged in: what their browser holds is the runner's hold now, for five more minutes.

    Raises Conflict `hold_ended`, `runner_busy`; Forbidden `not_yours`.
    """
    if by.pk != runner.user_id:
        raise Forbidden("You can hold a time for yourself alone.", code="not_yours")
    held = locked(visitor, now, grace=GRACE, runner=runner).hold
    take_over(held, runner, now)
    held.booked_by, held.hold_expires_at = by, max(held.hold_expires_at or now, now + HOLD)
    held.save()
    record(by=by, action="appointment.held", subject=held, runner=runner)
    return held


def take_over(held: Appointment, runner: RunnerProfile, now: datetime) -> None:
    """The hold becomes `runner`'s, whose other hold is let go; the database refuses where they have a session then.

    Raises Conflict `runner_busy` where they have a seat in a workshop then.
    """
    require_no_seat(held, runner)
    others = Appointment.objects.filter(runner=runner, state=State.HELD, offer=None).exclude(pk=held.pk)
    let_go(others, by=None, now=now)
    held.runner = runner


def locked(
    visitor: Visitor, now: datetime, *, grace: timedelta = timedelta(), runner: RunnerProfile | None = None
) -> Visitor:
    """The visitor as the database has it, their therapist (and `runner`) locked. Raises Conflict `hold_ended`."""
    hold = visitor.hold
    lock(therapists=[hold.therapist], runner=runner, service=hold.service)
    found = Visitor.objects.get(pk=visitor.pk)
    found.hold = current(hold)
    if found.proven_at is not None and found.hold.state == State.BOOKED:
        return found
    ends = found.hold.hold_expires_at
    if found.hold.state != State.HELD or ends is None or ends + grace <= now or found.hold.start <= now:
        raise hold_ended(found.hold, OVER)
    return found


def hashed(visitor: Visitor, code: str) -> str:
    """What is kept of a code: nothing without the clinic's secret key leads back to it."""
    return salted_hmac("bookings.visitor.code", f"{visitor.pk}:{code}", algorithm="sha256").hexdigest()


def forget_visitors(*, now: datetime) -> int:
    """Wipe what visitors typed who never proved their address, a day after; returns how many. Safe to repeat."""
    old = Visitor.objects.filter(proven_at=None, made_at__lt=now - timedelta(days=1)).exclude(email="")
    return old.update(name="", email="", phone="", code_hash="")
