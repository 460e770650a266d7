"""Thousands of viewers of one live feed, in one process: ``python -m tests.bench.viewers URL-path port n``.

Prints ``ready``, then one line a count received by everybody: the count, and when the 50th, the
99th and the last of a hundred viewers had it (Unix seconds). Ends when its input is closed.
"""

import re
import resource
import select
import socket
import sys
import time

COUNT = re.compile(rb'"count": (\d+)')


def main(path: str, port: int, n: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()
    for _ in range(n):
        connection = socket.create_connection(("127.0.0.1", port), 30)
        connection.sendall(request)
        connection.setblocking(False)
        sockets[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    arrivals: dict[int, list[float]] = {}
    told: set[int] = set()
    first, alive, seen = None, n, set()
    while True:
        for number, _event in poll.poll():
            if number == 0:
                return
            try:
                data = sockets[number].recv(65536)
            except BlockingIOError:
                continue
            now = time.time()
            if not data:
                poll.unregister(number)
                alive -= 1
                print(f"lost {alive}", flush=True)
                continue
            found = COUNT.findall(data)
            if not found:
                continue
            count = int(found[-1])
            if first is None:
                seen.add(number)
                if len(seen) == n:
                    first = count
                    print("ready", flush=True)
                continue
            arrivals.setdefault(count, []).append(now)
            if len(arrivals[count]) >= alive and count not in told:
                told.add(count)
                times = sorted(arrivals.pop(count))
                marks = (times[len(times) // 2], times[int(len(times) * 0.99)], times[-1])
                print(f"count {count} " + " ".join(f"{mark:.6f}" for mark in marks), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
