"""What the shell adds to every operation of the schema: the error shape, and Idempotency-Key where something is created."""

from typing import Any

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "Any text of your own, new for each thing you create. A repetition with the same key and body gets the first answer again.",
}
ERROR = {
    "type": "object",
    "required": ["code", "message", "fields", "request_id"],
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs, as in slot_taken."},
        "message": {"type": "string", "description": "A sentence for people."},
        "fields": {
            "type": "object",
            "additionalProperties": {},
            "description": "Sentences by the name of the input at fault.",
        },
        "request_id": {"type": "string"},
    },
}
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
REFUSED = {"description": "Refused.", "content": CONTENT}


def document_shell(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            operation["responses"].setdefault("default", REFUSED)
            for status, answer in operation["responses"].items():
                if status.startswith("4"):
                    answer.setdefault("content", CONTENT)
            if method == "post" and not path.endswith("/tokens/"):
                operation.setdefault("parameters", []).append(KEY)
    return result
