"""Times that each reader sees in their own zone."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: datetime) -> str:
    """Slack's date mark, with UTC for those who cannot show it."""
    fallback = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"
