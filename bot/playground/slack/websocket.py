"""The websocket protocol, server side, as far as Socket Mode needs it (RFC 6455)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from typing import BinaryIO

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MOST_BYTES = 5_000_000


class Closed(Exception):
    """The other side is gone or speaks something else."""


def accept(key: str) -> str:
    """The answer to Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(kind: int, content: bytes) -> bytes:
    """One unmasked, unfragmented frame."""
    head = bytes([0x80 | kind])
    if len(content) < 126:
        return head + bytes([len(content)]) + content
    if len(content) < 65_536:
        return head + b"\x7e" + struct.pack("!H", len(content)) + content
    return head + b"\x7f" + struct.pack("!Q", len(content)) + content


class WebSocket:
    """One open connection; send from any thread, receive from one."""

    def __init__(self, reader: BinaryIO, connection: socket.socket) -> None:
        self._reader = reader
        self._connection = connection
        self._lock = threading.Lock()
        self.open = True

    def send(self, text: str) -> None:
        """Send a text message."""
        self._send(TEXT, text.encode())

    def ping(self) -> None:
        """Ask whether the other side lives."""
        self._send(PING, b"ping")

    def close(self, code: int = 1000) -> None:
        """Say goodbye and hang up."""
        if self.open:
            with contextlib.suppress(Closed):
                self._send(CLOSE, struct.pack("!H", code))
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection without a word."""
        self.open = False
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def receive(self) -> str:
        """The next text message; answers pings on the way; raises Closed at the end."""
        collected = b""
        while True:
            final, kind, content = self._read_frame()
            if kind == PING:
                self._send(PONG, content)
            elif kind == CLOSE:
                self.close()
                raise Closed
            elif kind in (TEXT, CONTINUATION):
                collected += content
                if final:
                    return collected.decode()

    def _send(self, kind: int, content: bytes) -> None:
        try:
            with self._lock:
                self._connection.sendall(frame(kind, content))
        except OSError as error:
            self.open = False
            raise Closed from error

    def _read_frame(self) -> tuple[bool, int, bytes]:
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        if length > MOST_BYTES or not second & 0x80:  # clients must mask
            raise Closed
        mask = self._read(4)
        content = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._read(length)))
        return bool(first & 0x80), first & 0x0F, content

    def _read(self, count: int) -> bytes:
        try:
            data = self._reader.read(count)
        except (OSError, ValueError) as error:
            raise Closed from error
        if len(data) < count:
            self.open = False
            raise Closed
        return data
