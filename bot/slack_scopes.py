"""What mlbot may do in a workspace; manifest.json asks for the same, and a test holds them together."""

from __future__ import annotations

SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "im:write",
        "im:history",
        "app_mentions:read",
        "links:read",
        "links:write",
        "channels:read",
        "groups:read",
        "users:read",
        "usergroups:read",
        "files:write",
    }
)
