"""A real name server of a few TXT records, on this machine: it answers, fails, or says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dns import flags, message, rcode, rdatatype, rrset


@dataclass
class NameServer:
    # Name → its records; a name that is not here does not exist.
    records: dict[str, list[str]] = field(default_factory=dict)
    fails: bool = False
    mute: bool = False
    asked: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _socket: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                wire, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                if self._ended.is_set():
                    return
                continue
            question = message.from_wire(wire)
            name = question.question[0].name.to_text(omit_final_dot=True)
            self.asked.append(name)
            if not self.mute:
                self._socket.sendto(self._answer(question, name).to_wire(), sender)

    def _answer(self, question: message.Message, name: str) -> message.Message:
        answer = message.make_response(question, recursion_available=True)
        answer.flags |= flags.AA
        if self.fails:
            answer.set_rcode(rcode.SERVFAIL)
        elif name not in self.records:
            answer.set_rcode(rcode.NXDOMAIN)
        elif texts := self.records[name]:
            quoted = [" ".join(f'"{text[n : n + 255]}"' for n in range(0, len(text), 255)) for text in texts]
            answer.answer.append(rrset.from_text(question.question[0].name, 60, "IN", rdatatype.TXT, *quoted))
        return answer


@contextmanager
def nameserver() -> Iterator[NameServer]:
    server = NameServer()
    server._socket.bind(("127.0.0.1", 0))
    server._socket.settimeout(0.05)  # so that it sees its end
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server._ended.set()
        thread.join()
        server._socket.close()
