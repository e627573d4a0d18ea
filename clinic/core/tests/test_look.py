"""The tags and filters every page uses."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory

from clinic.core import wording
from clinic.core.icons import icon_paths
from clinic.core.navigation import places_for, steps
from clinic.core.portraits import portrait
from clinic.core.viewer import theme_of, zone_of

AT = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)


def drawn(text: str, **context: object) -> str:
    return Template(text).render(Context(context))


def asking(path: str = "/", role: str = "", **cookies: str) -> SimpleNamespace:
    request = RequestFactory().get(path)
    request.COOKIES.update(cookies)
    request.user = SimpleNamespace(is_authenticated=bool(role), role=role, zone="Europe/Stockholm", theme="dark")
    return request


def test_an_icon_beside_a_word_is_silent() -> None:
    out = drawn('{% icon "check-lg" %}')
    assert out.startswith(
        '<svg class="bi" width="1em" height="1em" fill="currentColor" viewBox="0 0 16 16" aria-hidden="true"><path d="M12.736'
    )


def test_an_icon_alone_has_a_name() -> None:
    assert 'role="img" aria-label="Call"' in drawn('{% icon "telephone" label="Call" %}')


def test_an_unknown_icon_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(LookupError, match="no-such-icon"):
        icon_paths("no-such-icon")


def test_an_icon_name_cannot_leave_its_folder() -> None:
    with pytest.raises(LookupError):
        icon_paths("../package")


def test_every_icon_named_in_a_template_exists() -> None:
    names = {
        name
        for file in Path(settings.BASE_DIR / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', file.read_text())
    }
    assert names
    for name in names:
        assert icon_paths(name)


def test_a_person_keeps_their_portrait() -> None:
    assert portrait("person-7") == portrait("person-7")
    assert len({portrait(f"person-{n}") for n in range(60)}) > 30


def test_a_portrait_takes_a_profile_or_a_user() -> None:
    user = SimpleNamespace(pk=7, portrait=None)
    assert drawn("{% face who %}", who=user) == drawn("{% face who %}", who=SimpleNamespace(pk=99, user=user))


def test_a_portrait_alone_is_named_and_the_name_is_escaped() -> None:
    class Person:
        pk, portrait = 1, None

        def __str__(self) -> str:
            return '<b>"Maya"'

    assert "Portrait of &lt;b&gt;&quot;Maya&quot;" in drawn("{% face who label=True %}", who=Person())


def test_a_time_says_its_zone_and_the_clinics_time_when_it_differs() -> None:
    out = drawn("{% when at %}", at=AT, request=asking(role="runner"))
    assert out == (
        '<time class="when" datetime="2026-11-26T16:30:00Z"><b>Thu 26 Nov, 17:30</b> '
        "<small>Stockholm time, 16:30 at the clinic</small></time>"
    )


def test_a_time_in_the_clinics_zone_is_said_once() -> None:
    assert "<b>Thu 26 Nov, 16:30</b> <small>London time</small>" in drawn('{% when at "Europe/London" %}', at=AT)


def test_the_clinics_day_is_said_when_it_is_another() -> None:
    out = drawn('{% when at "Pacific/Auckland" %}', at=AT)
    assert "<b>Fri 27 Nov, 05:30</b> <small>Auckland time, Thu 26 Nov 16:30 at the clinic</small>" in out


@pytest.mark.parametrize(
    ("on", "said"),
    [(23, "yesterday"), (24, "today"), (25, "tomorrow"), (27, "Fri"), (30, "Mon"), (31, "")],
)
def test_near_days(on: int, said: str) -> None:
    today = date(2026, 11, 24)
    if on == 31:
        assert wording.near_day(date(2026, 12, 1), today) == "Tue 1 Dec"
        assert wording.near_day(date(2027, 1, 1), today) == "Fri 1 Jan 2027"
    else:
        assert wording.near_day(date(2026, 11, on), today) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-5, "now"),
        (0, "now"),
        (0.5, "in under a minute"),
        (12, "in 12 min"),
        (60, "in 1 h"),
        (69, "in 1 h 9 min"),
        (480, "in 8 h"),
        (2880, "in 2 days"),
    ],
)
def test_how_long_until(minutes: float, said: str) -> None:
    assert wording.until_words(AT + timedelta(minutes=minutes), AT) == said


@pytest.mark.parametrize(
    ("hour", "said"), [(4, "Evening"), (5, "Morning"), (11, "Morning"), (12, "Afternoon"), (18, "Evening")]
)
def test_the_greeting_goes_by_the_readers_clock(hour: int, said: str) -> None:
    assert wording.greeting(datetime(2026, 11, 24, hour, tzinfo=UTC), "Europe/London") == said


def test_money() -> None:
    assert [wording.pounds(6800), wording.pounds(6850), wording.pounds(120000)] == ["£68", "£68.50", "£1,200"]


def test_a_visitor_sees_times_in_the_zone_their_browser_told() -> None:
    assert zone_of(asking(zone="America/New_York")) == "America/New_York"


@pytest.mark.parametrize("told", ["Mars/Base", "../../etc/passwd", "", "<script>"])
def test_a_zone_that_does_not_exist_is_the_clinics(told: str) -> None:
    assert zone_of(asking(zone=told)) == "Europe/London"


def test_an_account_goes_before_a_cookie() -> None:
    request = asking(role="runner", zone="America/New_York", theme="light")
    assert (zone_of(request), theme_of(request)) == ("Europe/Stockholm", "dark")


def test_a_theme_nobody_offers_is_none() -> None:
    assert theme_of(asking(theme="pink")) == ""


@pytest.mark.parametrize(
    ("role", "path", "current"),
    [
        ("runner", "/today/", "Today"),
        ("runner", "/programme/today/", "Programme"),
        ("runner", "/exercises/squat/", "Programme"),
        ("runner", "/book/first-visit/", "Book"),
        ("therapist", "/runners/", "Runners"),
        ("staff", "/board/new/", "Board"),
        ("", "/", None),
    ],
)
def test_the_place_one_is_at_is_marked_and_only_that(role: str, path: str, current: str | None) -> None:
    marked = [step.label for step in steps(asking(path, role)) if step.current]
    assert marked == ([current] if current else [])


def test_each_role_has_its_own_places() -> None:
    assert [place.label for place in places_for(asking(role="runner"))] == [
        "Today",
        "Programme",
        "Book",
        "Progress",
        "You",
    ]
    assert places_for(asking(role="staff"))[0].label == "Board"
    assert places_for(asking())[0].label == "Exercises"


@pytest.mark.parametrize(("left", "whole", "said"), [(258, 300, 86), (0, 300, 0), (400, 300, 100), (5, 0, 0)])
def test_a_ring_is_drawn_in_hundredths(left: int, whole: int, said: int) -> None:
    assert drawn("{{ left|share:whole }}", left=left, whole=whole) == str(said)
