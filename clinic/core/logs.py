"""Structured logs that carry ids, never names, addresses or anything clinical."""

import logging.config
import re
from typing import Any

import structlog

PERSONAL = frozenset(
    {"email", "name", "phone", "password", "token", "birth_date", "note", "pain", "body", "to", "subject_line"}
)


def strip_personal(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop every key that could hold personal data."""
    return {key: value for key, value in event.items() if key not in PERSONAL}


def strip_row_values(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop the lines of a traceback in which PostgreSQL quotes the row it refused."""
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = "\n".join(
            line for line in trace.splitlines() if not line.lstrip().startswith(("DETAIL:", "CONTEXT:"))
        )
    return event


SECRET_PATHS = re.compile(r"(/(?:calendar|invitation|offers|stop|visit)/)[^/\s?\"']{16,}")


def strip_secret_paths(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut out of every text the part of an address that is itself a key."""
    return {key: SECRET_PATHS.sub(r"\1…", value) if isinstance(value, str) else value for key, value in event.items()}


def strip_secret_address(event: Any, _: Any) -> Any:
    """The same for the address of the request in an error report."""
    if isinstance(request := event.get("request"), dict) and isinstance(request.get("url"), str):
        request["url"] = SECRET_PATHS.sub(r"\1…", request["url"])
    return event


def configure(*, json: bool, level: str) -> None:
    """Route structlog and the standard library's logs through one chain: JSON lines, or readable ones at a desk."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        strip_personal,
    ]
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "chain": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        strip_row_values,
                        strip_secret_paths,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chain"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.request": {"level": "ERROR"},
                "django.server": {"level": "ERROR"},
                "uvicorn.access": {"level": "WARNING"},
                "uvicorn.error": {"level": "WARNING"},
                "celery": {"level": "WARNING"},
            },
        }
    )
