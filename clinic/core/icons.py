"""Outline icons, drawn into the page from the single files of bootstrap-icons, so that no icon font is sent."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

NAME = re.compile(r"[a-z0-9-]+")
INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def icon_paths(name: str) -> SafeString:
    """What stands inside the icon's svg, 16 by 16. Raises LookupError for a name the set does not have."""
    file = Path(settings.ICONS_DIR) / f"{name}.svg"
    if not NAME.fullmatch(name) or not file.is_file():
        raise LookupError(f"There is no icon named {name!r} in {settings.ICONS_DIR}.")
    found = INSIDE.search(file.read_text())
    if found is None:
        raise LookupError(f"{file} is not an svg.")
    return mark_safe(" ".join(found[1].split()))
