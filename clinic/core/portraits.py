"""The drawn portrait that stands for a person until there is a photograph: the same one for the same person, always."""

from hashlib import sha256

PORTRAITS = 24
"""How many portraits a person can choose from."""

KITS = ("f-kit", "f-kit2", "f-kit3")
SKINS = ("f-s1", "f-s2", "f-s3", "f-s4")
HAIRS = ("f-h1", "f-h2", "f-h3", "f-h4")
DARK_SKINS = ("f-s2", "f-s3")

# behind the shoulders, over the face; {h} is the colour of the hair
STYLES = (
    (
        '<circle class="{h}" cx="32" cy="11" r="6.5"/>',
        '<path class="{h}" d="M20.5 28Q20 15 32 15T43.5 28Q40 21 32 21T20.5 28Z"/>',
    ),
    (
        '<path class="{h}" d="M42 20Q53 22 49 40Q44 38 43 28Z"/>',
        '<path class="{h}" d="M20.5 27Q20 14 32 14T43.5 27Q40 20 34 20T20.5 27Z"/>',
    ),
    (
        '<path class="{h}" d="M18 28Q18 13 32 13T46 28V45H18Z"/>',
        '<path class="{h}" d="M20.5 30Q20 15 32 15T43.5 30Q41 22 31 19Q24 22 20.5 30Z"/>',
    ),
    ("", '<path class="{h}" d="M20.5 27Q19 14 32 14Q45 14 43.5 27Q42 21 36 20Q27 21 23 20Q21 22 20.5 27Z"/>'),
    (
        "",
        '<path class="{h}" d="M20.5 26Q20 14 32 14T43.5 26Q40 20 32 20T20.5 26Z"/><path class="{h}" d="M20.6 30Q22 44 32 44T43.4 30Q40 36 32 36T20.6 30Z"/>',
    ),
    (
        '<circle class="{h}" cx="32" cy="23" r="15"/>',
        '<path class="{h}" d="M20.5 28Q18 14 32 14T43.5 28Q41 22 36 22T28 22T20.5 28Z"/>',
    ),
    ("", '<path class="{h}" d="M20.6 26Q20.5 15 32 15T43.4 26Q42 19.5 32 19.5T20.6 26Z"/>'),
)


def portrait_of(key: object, chosen: int | None) -> str:
    """The shapes of the portrait number `chosen` (1 to PORTRAITS), or of one that `key` alone decides."""
    return portrait(f"portrait-{chosen}" if chosen else f"person-{key}")


def portrait(seed: str) -> str:
    """The shapes of a portrait, 64 by 64, chosen by `seed` alone (never by a name: a name says nothing of a face)."""
    dice = sha256(seed.encode()).digest()
    kit, skin = KITS[dice[0] % len(KITS)], SKINS[dice[1] % len(SKINS)]
    hair = "f-h1" if skin in DARK_SKINS else HAIRS[dice[2] % len(HAIRS)]
    behind, over = STYLES[dice[3] % len(STYLES)]
    return (
        f'<rect class="f-bg" width="64" height="64"/>{behind.format(h=hair)}'
        f'<path class="{kit}" d="M8 66Q9 47 26 46L38 46Q55 47 56 66Z"/>'
        f'<path class="{skin}" d="M27 38H37V46Q32 51 27 46Z"/><ellipse class="{skin}" cx="32" cy="29" rx="11" ry="13"/>'
        f"{over.format(h=hair)}"
    )
