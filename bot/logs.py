"""One JSON line a log record, with secrets blanked before anything is written."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

SECRETS = re.compile(
    r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|xoxe\.[\w-]{6,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|(?i:(?<=aws_secret_access_key=)|(?<=aws_secret_access_key: )|(?<=aws_session_token=)|(?<=client_secret=))\S+"
    r"|(?<=hooks\.slack\.com/)[\w/.-]+|(?<=response_url=)\S+"
    r"|(?i:(?<=authorization: )|(?<=authorization:)|(?<=bearer ))\S+"
    r"|(?i:(?<=x-amz-security-token: )|(?<=x-slack-signature: ))\S+"
)
BLANK = "[redacted]"
SHORTEST = 8  # of a secret that is looked for by its value: a shorter one stands in ordinary words
_hidden: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """From now on blank these, too, whatever they look like: the secrets that this process was given."""
    _hidden.update(value for value in values if len(value) >= SHORTEST)


def redact(text: str) -> str:
    """*text* without tokens, keys, signatures and response addresses."""
    for value in tuple(_hidden):
        text = text.replace(value, BLANK)
    return SECRETS.sub(BLANK, text)


class JsonLines(logging.Formatter):
    """time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(level: int = logging.INFO) -> None:
    """Log to standard error; libraries that print credentials when they debug never do."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("botocore", "boto3", "urllib3", "slack_sdk", "slack_bolt", "apscheduler", "werkzeug", "waitress"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of each request that waits for a thread: hundreds of lines just when there is no time for them.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
