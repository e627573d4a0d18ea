from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser


class TooLarge(APIException):
    status_code = 413


class Json(JSONParser):
    """JSON whose texts hold no null byte (no column takes one), nor half of a surrogate pair, nor nests without end."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        sent = (parser_context or {}).get("request")
        if sent is not None and int(sent.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            data = super().parse(stream, media_type, parser_context)
            refuse_unstorable(data)
        except RecursionError:
            raise ParseError("Nested too deep.") from None
        return data


def refuse_unstorable(data: Any) -> None:
    if isinstance(data, str):
        if "\0" in data or any("\ud800" <= letter <= "\udfff" for letter in data):
            raise ParseError("A text holds a character that no text may have.")
    elif isinstance(data, Mapping):
        for key, value in data.items():
            refuse_unstorable(key)
            refuse_unstorable(value)
    elif isinstance(data, list):
        for item in data:
            refuse_unstorable(item)
