"""What one connection may cost: uvicorn's HTTP protocol with bounds, also where no proxy stands in front.

A client has HEAD_SECONDS for the head of a request and HEAD_BYTES of it, and must read what it is
sent: one that reads nothing for READ_SECONDS is let go. Bodies are bounded by ``request_guard``,
which knows what is asked for.
"""

from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
READ_SECONDS = 30.0
# Of one request with all its wrapping: more than the largest body, or a trailer without end.
REQUEST_BYTES = 8 * 1024 * 1024
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Given to uvicorn as ``http=``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._received = 0
        self._head_timer: TimerHandle | None = None
        self._read_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._received > HEAD_BYTES:
            self.transport.write(TOO_LARGE)
            self.transport.close()
        elif self._received > REQUEST_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._received = True, 0
        if self._head_timer is None:  # a further request on this connection
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        self._in_head = False
        super().on_headers_complete()

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._read_timer = self._read_timer or self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more is asked: closed once the rest is read, and in any case."""
        if not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.loop.call_later(READ_SECONDS, self.transport.abort)
        super().timeout_keep_alive_handler()
