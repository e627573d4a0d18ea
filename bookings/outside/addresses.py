"""Which addresses may be asked: public ones alone, judged by where they lead and not by how they are written."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from bookings.outside.limits import Unreadable

SCHEMES = {"https": 443, "http": 80}
PORTS = frozenset({80, 443, 8008, 8080, 8443})
LONGEST = 500
HIDDEN_WAYS = tuple(
    ip_network(each)
    for each in (
        "::/96",  # IPv4 written as IPv6, and :: and ::1
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of a private network
        "100::/64",  # discard
        "2001::/23",  # Teredo and other special purposes
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "fc00::/7",  # private
        "fec0::/10",  # site-local, given up but still routed here and there
        "192.0.0.0/24",  # special purposes, some of which count as global
        "192.88.99.0/24",  # the 6to4 relay
    )
)


@dataclass(frozen=True)
class Target:
    """One address, taken apart. `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(address: str) -> Target:
    """The calendar's address as something to connect to; webcal means https. Raises Unreadable."""
    text = address.strip()
    if len(text) > LONGEST or any(sign.isspace() or not sign.isprintable() for sign in text):
        raise Unreadable(
            "This is no address of a calendar. Copy it whole, as in https://calendar.example/private/basic.ics"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Unreadable("This address cannot be read. Copy it again from your calendar.") from None
    scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    if scheme not in SCHEMES:
        raise Unreadable("The address has to begin with https://, http:// or webcal://")
    if parts.username is not None or parts.password is not None:
        raise Unreadable("The address holds a user name or a password. Use a private address that needs none.")
    if not parts.hostname:
        raise Unreadable("The address names no server. Copy it whole from your calendar.")
    return Target(scheme, ascii_host(parts.hostname), port or SCHEMES[scheme], path_of(parts))


def ascii_host(host: str) -> str:
    try:
        return host.rstrip(".").encode("idna").decode() if not host.isascii() else host.rstrip(".").lower()
    except UnicodeError:
        raise Unreadable("The name of the server cannot be read. Copy the address again.") from None


def path_of(parts: SplitResult) -> str:
    """Path and query with everything quoted that a request line cannot hold."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return "".join(sign if "!" <= sign <= "~" else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in path)


def checked(target: Target, networks: Iterable[str]) -> list[str]:
    """The internet addresses of the target's host, each of them fit to connect to. Raises Unreadable.

    One private address among them spoils all: a name that leads both ways leads nowhere.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreadable("The server of this calendar was not found. Check the address.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [ip_network(each) for each in networks]
    inside = [any(ip_address(each.partition("%")[0]) in network for network in allowed) for each in addresses]
    if not addresses or not all(fit or is_public(each) for each, fit in zip(addresses, inside, strict=True)):
        raise Unreadable(
            "This address leads into a private network, where we do not go. Use the calendar’s public one."
        )
    if target.port not in PORTS and not all(inside):
        raise Unreadable("The address names a port that calendars do not use. Copy it again without the number.")
    return addresses


def is_public(address: str) -> bool:
    """Whether this internet address belongs to the open network, and not by a detour to anything else."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if any(found in network for network in HIDDEN_WAYS):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified or "%" in address)
