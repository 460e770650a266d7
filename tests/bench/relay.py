"""``python -m tests.bench.relay PORT MILLISECONDS FILE``: a relay that answers each command after so long.

It takes PIPELINING, as Postfix does, and keeps for each mail the moment of its 250, its address and the first link to
confirm that its text has, "-" without: "seconds address link".
"""

import asyncio
import re
import sys
import time
from pathlib import Path

_LINK = re.compile(rb"/confirmer/[\w-]+")
_TO = re.compile(rb"RCPT TO:<([^>]*)>", re.IGNORECASE)


class Relay(asyncio.Protocol):
    def __init__(self, delay: float, kept: list[str]) -> None:
        self.delay, self.kept = delay, kept
        self.held, self.to, self.in_text = b"", b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._answer(b"220 relay ESMTP")

    def data_received(self, data: bytes) -> None:
        self.held += data
        while True:
            end = self.held.find(b"\r\n.\r\n") if self.in_text else self.held.find(b"\r\n")
            if end < 0:
                return
            line, self.held = self.held[:end], self.held[end + (5 if self.in_text else 2) :]
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self.in_text:
            self.in_text = False
            link = _LINK.search(line.replace(b"=\r\n", b""))
            self._answer(b"250 2.0.0 taken", self.to + b" " + (link[0] if link else b"-"))
            return
        verb = line[:4].upper()
        if verb == b"EHLO":
            self._answer(b"250-relay\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == b"DATA":
            self.in_text = True
            self._answer(b"354 go on")
        elif verb == b"QUIT":
            self.transport.close()
        else:
            if found := _TO.match(line):
                self.to = found[1]
            self._answer(b"250 2.1.0 ok")

    def _answer(self, reply: bytes, taken: bytes = b"") -> None:
        """In the order of the commands: each waits as long as the others."""
        asyncio.get_running_loop().call_later(self.delay, self._say, reply, taken)

    def _say(self, reply: bytes, taken: bytes) -> None:
        if taken:
            self.kept.append(f"{time.time():.6f} {taken.decode()}\n")
        self.transport.write(reply + b"\r\n")


async def main(port: int, milliseconds: float, file: Path) -> None:
    kept: list[str] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Relay(milliseconds / 1000, kept), "127.0.0.1", port, backlog=500)
    async with server:
        with file.open("a") as out:
            while True:
                await asyncio.sleep(0.05)
                out.writelines(kept)
                out.flush()
                kept.clear()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
