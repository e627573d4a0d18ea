"""Seats of workshops, asked of the real clinic and of the model: taken, given back, waited for, offered, passed on."""

from datetime import timedelta

from bookings.models import Seat as Row
from bookings.models import Workshop as WorkshopRow
from bookings.services import seats as verbs
from bookings.services.workshops import plan_workshop
from bookings.tests.model_sides import Parted, Sides
from bookings.tests.simple_book import UNDO, Kind, Session, minute
from bookings.tests.simple_waiting import FRIENDS, Seat, Workshop, is_elsewhere

MINUTES = 90
PLANNED = (("ada", 28, 2), ("cho", 28, 3), ("dev", 97, 2), ("ada", 122, 2))
"""With whom, how many hours after the beginning, and how many seats: two of them at the same time."""


class Seats(Sides):
    """Requests about seats. A seat is named by its workshop, its runner and the friend it is for."""

    def plan_workshops(self) -> None:
        self.workshops: dict[str, WorkshopRow] = {}
        for number, (therapist, hours, capacity) in enumerate(PLANNED):
            start = self.now + timedelta(hours=hours)
            name = f"workshop{number}"
            self.workshops[name] = row = plan_workshop(
                title=name,
                capacity=capacity,
                therapist=self.people[therapist],
                start=start,
                minutes=MINUTES,
                place="online",
                by=self.desk,
                now=self.now,
                override_reason="In the evening.",
            )
            kind = Kind("workshop", MINUTES)
            session = Session(name, kind, self.book.therapists[therapist], "", minute(start), "booked")
            self.book.workshops[name], self.rows[name] = Workshop(session, capacity), row.booking

    def rows_of(self, workshop: str, runner: str) -> dict[str, Row]:
        """The runner's real seats, by the friend they are for."""
        standing = Row.objects.filter(workshop=self.workshops[workshop], runner=self.runners[runner])
        return {each.friend: each for each in standing.exclude(state="cancelled").select_related("runner__user")}

    def do_seat(self, label: str, workshop: str, runner: str, friends: tuple[str, ...]) -> None:
        model, profile, now = self.book.workshops[workshop], self.runners[runner], self.book.now
        model.lapse(now)
        mine = model.standing(runner)
        own = mine.get("")
        is_fresh = own is None or own.state != "taken"
        wanted = len(friends) + (own is None or own.state == "waiting")
        allowed = (
            model.is_coming(now)
            and not set(friends) & set(mine)
            and len([each for each in mine if each]) + len(friends) <= FRIENDS
            and not (is_fresh and is_elsewhere(self.book, self.book.workshops.values(), runner, model))
            and model.counted + wanted <= model.capacity
        )
        if model.is_coming(now) and not is_fresh and not friends:
            allowed = True
        done = self.answered(
            "seated",
            allowed,
            lambda: verbs.take_seats(
                workshop=self.workshops[workshop], runner=profile, friends=friends, by=profile.user, now=self.now
            ),
        )
        if done is not None:
            keys = {each.friend: str(each.pk) for each in done}
            if own is not None:
                own.state, own.until = "taken", None
            fresh = [*friends, ""] if own is None else friends
            model.seats += [Seat(runner, friend, "taken", (now, keys[friend])) for friend in fresh]
        self.compare_seats(workshop)

    def do_give(self, label: str, workshop: str, runner: str, friend: str | None) -> None:
        """Give back one seat, or with `friend` None all of them."""
        model, rows = self.book.workshops[workshop], self.rows_of(workshop, runner)
        names = [name for name in rows if friend in (None, name)]
        done = self.answered(
            "given back",
            model.is_coming(self.book.now) and bool(names),
            lambda: verbs.give_back_seats(
                seats=[rows[name] for name in names], by=self.runners[runner].user, now=self.now
            ),
        )
        if done is not None:
            back = [seat for name, seat in model.standing(runner).items() if name in names and seat.state == "taken"]
            for seat in back:
                seat.state, seat.given_back = "gone", self.book.now
            if back:
                model.pass_on(self.book.now, self.book.now + UNDO)
        self.compare_seats(workshop)

    def do_ungive(self, label: str, workshop: str, runner: str) -> None:
        """Take back what the runner gave back last."""
        model, now = self.book.workshops[workshop], self.book.now
        gone = [each for each in model.seats if each.runner == runner and each.given_back is not None]
        last = max((each.given_back for each in gone), default=None)
        back = [each for each in gone if each.given_back == last]
        names = [each.friend for each in back]
        again = model.back_in_line(len(back))
        allowed = (
            last is not None
            and model.is_coming(now)
            and last > now - UNDO
            and not set(names) & set(model.standing(runner))
            and not ("" in names and is_elsewhere(self.book, self.book.workshops.values(), runner, model))
            and model.counted - len(again) + len(back) <= model.capacity
        )
        rows = Row.objects.filter(pk__in=[each.rank[1] for each in back]).select_related("runner__user")
        done = self.answered(
            "giving back undone",
            allowed,
            lambda: verbs.undo_give_back(seats=list(rows), by=self.runners[runner].user, now=self.now),
        )
        if done is not None:
            for seat in again:
                seat.state, seat.until = "waiting", None
            for seat in back:
                seat.state, seat.given_back = "taken", None
        self.compare_seats(workshop)

    def do_queue(self, label: str, workshop: str, runner: str) -> None:
        """Stand in line, a minute after everybody before: so the line has one order."""
        self.book.now += 1
        model, profile, now = self.book.workshops[workshop], self.runners[runner], self.book.now
        model.lapse(now)
        own = model.standing(runner).get("")
        row = self.answered(
            "in line",
            model.is_coming(now) and (own is not None or model.counted >= model.capacity),
            lambda: verbs.join_waitlist(
                workshop=self.workshops[workshop], runner=profile, by=profile.user, now=self.now
            ),
        )
        if row is not None and own is None:
            model.seats.append(Seat(runner, "", "waiting", (now, str(row.pk))))
        self.compare_seats(workshop)

    def do_sit(self, label: str, workshop: str, runner: str) -> None:
        """Take the seat that is kept."""
        model, now = self.book.workshops[workshop], self.book.now
        row = self.rows_of(workshop, runner).get("")
        if row is None:
            return
        model.lapse(now)
        own = model.standing(runner).get("")
        allowed = (
            model.is_coming(now)
            and own is not None
            and (
                own.state == "taken"
                or (own.state == "offered" and not is_elsewhere(self.book, self.book.workshops.values(), runner, model))
            )
        )
        done = self.answered(
            "offered seat taken",
            allowed,
            lambda: verbs.accept_offer(seat=row, by=self.runners[runner].user, now=self.now),
        )
        if done is not None and own is not None:
            own.state, own.until = "taken", None
        self.compare_seats(workshop)

    def do_leave(self, label: str, workshop: str, runner: str) -> None:
        """Say no to a seat that is kept, or stop waiting."""
        model, row = self.book.workshops[workshop], self.rows_of(workshop, runner).get("")
        own = model.standing(runner).get("")
        if row is None or own is None:
            return
        verbs.leave_line(seat=row, by=self.runners[runner].user, now=self.now)
        self.ends["line left"] += 1
        if own.state in ("waiting", "offered"):
            was, own.state = own.state, "gone"
            if was == "offered":
                model.pass_on(self.book.now, self.book.now)
        self.compare_seats(workshop)

    def pass_on_seats(self) -> None:
        """The book's own minute, for seats."""
        verbs.pass_on_offers(now=self.now)
        for name, model in self.book.workshops.items():
            model.lapse(self.book.now)
            self.compare_seats(name)

    def compare_seats(self, workshop: str) -> None:
        """Every seat that stands, until when each is kept, and the count: none lost, none doubled, none too many."""
        model, row = self.book.workshops[workshop], self.workshops[workshop]
        row.refresh_from_db(fields=["seats_taken"])
        names = {each.pk: name for name, each in self.runners.items()}
        real = sorted(
            (names[runner], friend, state, minute(until) if until else None)
            for runner, friend, state, until in Row.objects.filter(workshop=row)
            .exclude(state="cancelled")
            .values_list("runner", "friend", "state", "offered_until")
        )
        ours = sorted(
            (each.runner, each.friend, each.state, each.until) for each in model.seats if each.state != "gone"
        )
        if real != ours or row.seats_taken != model.counted or row.seats_taken > model.capacity:
            raise Parted(f"{workshop}: {row.seats_taken} seats of {real}, and it should be {model.counted} of {ours}")
