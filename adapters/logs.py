"""Logs: one JSON object a line, constant events with ids; never a body, an address or a token."""

import json
import logging
import sys
from datetime import UTC, datetime

import structlog


def configure(level: str = "INFO") -> None:
    """Send our events to standard error. Called by programs, never by libraries."""
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(_Line())
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr], force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class _Line(logging.Formatter):
    """What a library says, as a line like ours: who said it and the beginning of it, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()[:200]
        level, when = record.levelname.lower(), datetime.fromtimestamp(record.created, UTC).isoformat()
        return json.dumps(
            {"event": "library_said", "library": record.name, "said": said, "level": level, "timestamp": when}
        )
