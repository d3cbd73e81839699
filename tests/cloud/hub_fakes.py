"""A little Hugging Face hub on 127.0.0.1: config.json and the head of safetensors files, and refusals."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def safetensors(tensors: Mapping[str, tuple[str, list[int], int]]) -> bytes:
    """The head of a file with tensors of (type, shape, bytes)."""
    head, at = {}, 0
    for name, (kind, shape, size) in tensors.items():
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text


class LocalHub:
    """Serves *files* by "org/name/file"; *refused* is the error code that the hub gives for a model."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.refused: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        hub = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, door: BaseHTTPRequestHandler) -> None:
        """One request: /org/name/resolve/main/file."""
        path = door.path.partition("?")[0].strip("/")
        model, _, file = path.partition("/resolve/main/")
        self.asked.append(f"{model}/{file}")
        body = self.files.get(f"{model}/{file}")
        status, code = self.refused.get(model, (200, "") if body is not None else (404, self._missing(model)))
        door.send_response(status)
        if code:
            door.send_header("X-Error-Code", code)
        door.send_header("X-Repo-Commit", COMMIT)
        content = body or b""
        door.send_header("Content-Length", str(len(content) if status == 200 else 0))
        door.end_headers()
        if status == 200 and door.command == "GET":
            door.wfile.write(content)

    def _missing(self, model: str) -> str:
        known = any(name.startswith(f"{model}/") for name in self.files)
        return "EntryNotFound" if known else "RepoNotFound"

    def stop(self) -> None:
        """Close the port."""
        self.server.shutdown()
        self.server.server_close()
