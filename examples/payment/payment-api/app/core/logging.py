"""JSON logs on stdout, for structlog and stdlib loggers alike, redacted."""

import logging
import logging.config
from collections.abc import Mapping
from typing import cast

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.config import Settings
from app.core.redaction import MASK, redact, redact_mapping, register_sensitive

_INTERNAL = frozenset({"_record", "_from_structlog"})
_OF_EVERY_EVENT = frozenset({"event", "level", "logger", "timestamp"})
"""Keys of the log itself: a sensitive field may have such a name, too."""


def redact_event(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Redact one event, as a structlog processor."""
    event_dict.pop("color_message", None)  # uvicorn says everything twice
    internal = {key: event_dict.pop(key) for key in _INTERNAL & event_dict.keys()}
    told = redact_mapping(cast("Mapping[object, object]", event_dict))
    told |= {key: redact(event_dict[key]) for key in _OF_EVERY_EVENT if told.get(key) is MASK}
    return {**told, **internal}


def configure_logging(settings: Settings) -> None:
    """Send every log of the process through one redacting JSON handler."""
    fields = Settings.model_fields.items()
    register_sensitive(*(name for name, field in fields if field.annotation is SecretStr))
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        # `dict_tracebacks` would log every frame's locals: secrets, and megabytes of them.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
        ),
        redact_event,  # last before rendering, so that tracebacks are redacted too
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [
                        structlog.stdlib.PositionalArgumentsFormatter(),
                        *shared,
                    ],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {
                "default": {
                    "class": "logging.StreamHandler",
                    "formatter": "json",
                    "stream": "ext://sys.stdout",
                }
            },
            "root": {"handlers": ["default"], "level": settings.log_level},
            "loggers": {
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"level": "CRITICAL"},  # replaced by RequestContextMiddleware
                "httpx2": {"level": "WARNING"},  # logs every URL at INFO
                "aiosqlite": {"level": "INFO"},  # logs every value of a statement at DEBUG
            },
        }
    )
