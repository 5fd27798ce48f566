"""One JSON object a line on standard output: no user's name in it, and never the text."""

import hashlib
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure() -> None:
    """Send every logger of the process, uvicorn's too, through the one JSON handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def milliseconds(seconds: float) -> float:
    """Seconds as a line tells them."""
    return round(seconds * 1e3, 1)


def pseudonym(user: str | None, key: bytes) -> str | None:
    """A user's stand-in for the logs: the same for the same key, of no use without it."""
    return (
        hashlib.blake2b(user.encode(errors="surrogatepass"), digest_size=8, key=key).hexdigest()
        if user
        else None
    )
