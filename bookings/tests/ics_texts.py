"""Calendar files as other programs write them."""

from collections.abc import Iterable


def calendar(*lines: str | Iterable[str]) -> bytes:
    """A VCALENDAR of these lines; what is given as a list stands in it line by line."""
    flat = [line for each in lines for line in ([each] if isinstance(each, str) else each)]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *flat, "END:VCALENDAR", ""]).encode()


def event(uid: str, *lines: str) -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"]
