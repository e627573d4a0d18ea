"""Edits that overwrite nobody's work unseen: `ETag` on what is read, `If-Match` on what is changed."""

import hashlib
from typing import Any

from django.http import HttpRequest

from clinic.core.errors import DomainError


class Changed(DomainError):
    """The record is not the one the caller has read."""

    status = 412


def etag_of(*parts: Any) -> str:
    """A strong ETag from what identifies a version of a record, such as its id and the instant of its last change."""
    return '"' + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32] + '"'


def versions_read(request: HttpRequest) -> list[str]:
    """The versions that `If-Match` names, without quotes; none where any will do."""
    wanted = request.headers.get("If-Match", "").strip()
    return [] if wanted in ("", "*") else [tag.strip().strip('"') for tag in wanted.split(",")]


def require_match(request: HttpRequest, etag: str) -> None:
    """Raises Changed `changed_meanwhile` when `If-Match` names another version; without the header there is no check."""
    wanted = request.headers.get("If-Match", "").strip()
    if wanted and wanted != "*" and etag not in [tag.strip() for tag in wanted.split(",")]:
        raise Changed(
            "This was changed meanwhile. Read it again, then send your change with the new ETag.",
            code="changed_meanwhile",
        )
