"""Files on their way in, and those that are shown."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.slack import people
from bot.playground.slack.errors import Refused

KEPT_BYTES = 50_000_000  # older files are forgotten
LARGEST_BYTES = 20_000_000
PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}
MIME = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}


@dataclass(slots=True, kw_only=True)
class File:
    """One uploaded file."""

    id: str
    name: str
    length: int
    secret: str
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    shared: bool = False

    @property
    def kind(self) -> str:
        """png, jpg or gif by its first bytes; `binary` for all else."""
        for start, kind in PICTURES.items():
            if (self.content or b"").startswith(start):
                return kind
        return "binary"

    def as_slack(self, base_url: str) -> dict[str, Any]:
        """The file object."""
        address = f"{base_url}/files/{self.id}/{self.secret}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "user": people.BOT_USER,
            "filetype": self.kind,
            "mimetype": MIME.get(self.kind, "application/octet-stream"),
            "alt_txt": self.alt_text,
            "url_private": address,
            "permalink": address,
        }


class Uploads:
    """Every file by its id."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, File] = OrderedDict()

    def expect(self, name: str, length: int, alt_text: str) -> File:
        """Make place for *length* bytes."""
        if length <= 0 or length > LARGEST_BYTES:
            raise Refused("invalid_arguments")
        identity = "F" + secrets.token_hex(5).upper()
        file = File(id=identity, name=name, length=length, alt_text=alt_text, secret=secrets.token_urlsafe(12))
        self._files[identity] = file
        return file

    def receive(self, secret: str, content: bytes) -> File:
        """The bytes of an expected file."""
        for file in self._files.values():
            if file.secret == secret and file.content is None and len(content) == file.length:
                file.content = content
                self._forget_old()
                return file
        raise Refused("file_upload_failed")

    def get(self, identity: str) -> File:
        """A file whose bytes have come."""
        file = self._files.get(identity)
        if file is None or file.content is None:
            raise Refused("file_not_found")
        return file

    def check(self, given: Any) -> None:
        """Refuse blocks that show a file which is not there."""
        for file in _files_in(given):
            if str(file.get("id") or "") not in self._files:
                raise Refused("invalid_blocks")

    def addressed(self, given: Any, base_url: str) -> Any:
        """The blocks with the address of each file that they show, as a page needs it."""
        if isinstance(given, list):
            return [self.addressed(one, base_url) for one in given]
        if not isinstance(given, dict):
            return given
        found = {name: self.addressed(value, base_url) for name, value in given.items()}
        file = self._files.get(str((found.get("slack_file") or {}).get("id") or ""))
        if file is not None:
            found["slack_file"] = {"id": file.id, "url": file.as_slack(base_url)["url_private"]}
        return found

    def _forget_old(self) -> None:
        while sum(len(file.content or b"") for file in self._files.values()) > KEPT_BYTES:
            self._files.popitem(last=False)


def _files_in(given: Any) -> Iterator[dict[str, Any]]:
    """Every slack_file with an id, at any depth."""
    inside = given if isinstance(given, list) else list(given.values()) if isinstance(given, dict) else []
    if isinstance(given, dict) and isinstance(given.get("slack_file"), dict) and "id" in given["slack_file"]:
        yield given["slack_file"]
    for one in inside:
        yield from _files_in(one)
