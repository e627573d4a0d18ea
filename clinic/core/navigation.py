"""Where each kind of person can go from every page; the page they are on is the longest of these its address begins with."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Place:
    label: str
    view: str
    icon: str
    also: tuple[str, ...] = ()  # beginnings of addresses that belong here too


@dataclass(frozen=True)
class Step:
    label: str
    view: str
    url: str
    icon: str
    current: bool


VISITOR = (
    Place("Exercises", "exercises:library", "collection-play"),
    Place("Therapists", "bookings:therapists", "people"),
    Place("Workshops", "bookings:workshops", "people-fill"),
    Place("Prices", "bookings:prices", "tag"),
)
RUNNER = (
    Place("Today", "dashboard:today", "house-door", ("/intake/",)),
    Place("Programme", "exercises:programme", "list-check", ("/exercises/", "/races/")),
    Place(
        "Book",
        "bookings:book",
        "calendar2-plus",
        ("/appointments/", "/therapists/", "/prices/", "/waitlist/", "/workshops/", "/offers/", "/series/"),
    ),
    Place("Progress", "dashboard:progress", "graph-up", ("/assessments/",)),
    Place("You", "people:you", "person", ("/accounts/", "/messages/", "/calendar/")),
)
THERAPIST = (
    Place("Today", "dashboard:today", "sun"),
    Place("Calendar", "bookings:appointments", "calendar3", ("/workshops/",)),
    Place("Runners", "dashboard:runners", "people", ("/programmes/",)),
    Place("Assessments", "assessments:list", "rulers", ("/assessments/",)),
    Place("Hours", "bookings:hours", "clock"),
    Place("Exercises", "exercises:library", "collection-play"),
)
STAFF = (
    Place("Board", "bookings:board", "calendar3", ("/appointments/",)),
    Place("Waitlist", "bookings:waitlist", "hourglass-split"),
    Place("Workshops", "bookings:workshops", "people-fill"),
    Place("To book", "dashboard:to_book", "calendar2-plus"),
    Place("Hours and time off", "bookings:hours", "clock"),
    Place("Messages sent", "reminders:messages", "envelope"),
    Place("Runners", "dashboard:runners", "people", ("/board/sessions-of/",)),
    Place("Services", "bookings:services", "tags", ("/rooms/",)),
    Place("Reports", "bookings:reports", "bar-chart"),
    Place("Team", "people:team", "person-badge"),
)


def places_for(request: HttpRequest) -> tuple[Place, ...]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return VISITOR
    return {"runner": RUNNER, "therapist": THERAPIST}.get(user.role, STAFF)


def steps(request: HttpRequest) -> list[Step]:
    """The places of the person asking, at most one of them marked as the current one."""
    found: list[tuple[Place, str]] = []
    for place in places_for(request):
        try:
            found.append((place, reverse(place.view)))
        except NoReverseMatch:  # a room that this installation leaves out
            continue
    fits = [
        (len(start), index)
        for index, (place, url) in enumerate(found)
        for start in (url, *place.also)
        if request.path.startswith(start) and start != "/"
    ]
    here = max(fits)[1] if fits else None
    return [Step(place.label, place.view, url, place.icon, index == here) for index, (place, url) in enumerate(found)]
