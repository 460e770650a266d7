"""A worker that sequences, and is killed right after the step that it is told: ``python -m tests.register.killed``.

A step a line on its standard input; it answers each with the signal that ended the worker.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app import clock
from app.bus import Bus
from app.db import Database
from app.register import jobs, queries
from app.register.published import Published
from app.settings import load_settings
from app.vault import open_vault


def dying(does: Callable[..., Any]) -> Callable[..., Any]:
    def last(*args: Any, **kwargs: Any) -> None:
        does(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return last


def work(step: str) -> None:
    clock.travel(timedelta(days=1))  # whatever was signed in this second, there is something to sign
    settings = load_settings()
    database = Database(settings, open_vault(settings), Bus(settings))
    if step == "commit":  # it is public, and not noted elsewhere yet
        Published.note = dying(lambda *_: None)  # type: ignore[method-assign]
    else:
        setattr(queries, step, dying(getattr(queries, step)))
    jobs.Sequencer(database, settings).sequence()


def main() -> None:
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            work(line.strip())
            os._exit(0)
        print(os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
