"""Logs of the pod's servers: one JSON object a line on stderr, so that they can be read by people and by collectors."""

import json
import logging
from typing import Final

from agentjob_runtime.common.clock import rfc3339

_FIELDS: Final = "fields"


class JsonFormatter(logging.Formatter):
    """`{"time","level","logger","message",…}` with the fields that `event` was given."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON; a traceback goes into `exception`."""
        line = {"time": rfc3339(), "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= getattr(record, _FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: int = logging.INFO) -> None:
    """Sends the root logger to stderr as JSON lines; what was configured before is replaced."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def event(log: logging.Logger, level: int, message: str, /, **fields: object) -> None:
    """Logs `message` with `fields` beside it in the JSON object."""
    log.log(level, message, extra={_FIELDS: fields})
