"""One JSON object a line, on standard error."""

import logging

from pythonjsonlogger.json import JsonFormatter


def log_as_json() -> None:
    """Log everything from INFO up, kopf's own chatter from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", timestamp=True))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("kopf", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
