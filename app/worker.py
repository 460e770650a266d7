"""The worker: sends mail and runs the periodic jobs. Several may run at once on PostgreSQL."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import structlog

from app.accounts import jobs as account_jobs
from app.audit import jobs as audit_jobs
from app.bounces import jobs as bounce_jobs
from app.db import Database
from app.drafting import jobs as drafting_jobs
from app.mail import jobs as mail_jobs
from app.mail.sending import Sender
from app.moderation import jobs as moderation_jobs
from app.paper import jobs as paper_jobs
from app.petitions import jobs as petition_jobs
from app.privacy import jobs as privacy_jobs
from app.register import jobs as register_jobs
from app.settings import Settings
from app.signatures import jobs as signature_jobs
from app.templating import Templates
from app.updates import jobs as update_jobs

log = structlog.get_logger("worker")


@dataclass
class Job:
    """Something done every ``every`` seconds; each run is whole or not at all."""

    name: str
    every: float
    run: Callable[[], object]
    due: float = 0.0


class Worker:
    """Jobs on one thread, slow ones and mail on others, so that a slow mail server delays no count."""

    def __init__(self, settings: Settings, database: Database, templates: Templates) -> None:
        self._stop = threading.Event()
        self.sender = Sender(settings, database, templates, self._stop)
        sequencer = register_jobs.Sequencer(database, settings)
        self.jobs = [
            Job("fold_counts", 2, lambda: petition_jobs.fold_counts(database)),
            Job("sequence_registers", 1, sequencer.sequence),
            Job("look_after_registers", 60, sequencer.look_after),
            Job("fold_tags", 30, lambda: petition_jobs.fold_tags(database)),
            Job("remind_pending", 300, lambda: signature_jobs.remind_pending(database, settings.origin)),
            Job("tell_amendments", 5, lambda: signature_jobs.tell_amendments(database, settings.origin)),
            Job("send_updates", 5, lambda: update_jobs.send_updates(database, settings.origin)),
            Job("close_ended", 60, lambda: petition_jobs.close_ended(database)),
            Job("index_petitions", 600, lambda: petition_jobs.index(database)),
            Job("forget_undone", 5, lambda: privacy_jobs.forget_undone(database)),
            Job("alert_requests", 3600, lambda: privacy_jobs.alert_requests(database, settings)),
            Job("moderation_digests", 600, lambda: moderation_jobs.send_digests(database)),
            Job("purge_sessions", 3600, lambda: account_jobs.purge_sessions(database)),
            Job("seal_audit", 5, lambda: audit_jobs.seal(database)),
            Job("audit_head", 3600, lambda: audit_jobs.note_head(database)),
            Job("verify_audit", 3600, lambda: audit_jobs.verify(database)),
            Job("forget_recipients", 3600, lambda: mail_jobs.forget_recipients(database)),
            Job("sweep_scans", 3600, lambda: paper_jobs.sweep_scans(database, settings.var / "scans")),
            Job("sweep_pictures", 3600, lambda: drafting_jobs.sweep_pictures(database, settings.var / "images")),
            Job("retention", 3600, lambda: privacy_jobs.daily_retention(database, settings)),
        ]

        def verify_counts() -> None:
            # What an older release counts beside us has no line yet, and is no difference.
            signature_jobs.reconcile_registers(database, sequencer.pen)
            privacy_jobs.verify_counts(database)

        # They read very much, or wait for a mailbox elsewhere: on a thread of their own, so that the others keep
        # their hours.
        self.slow_jobs = [
            Job("rank_front", 60, lambda: petition_jobs.rank_front(database)),
            Job("reconcile_registers", 300, lambda: signature_jobs.reconcile_registers(database, sequencer.pen)),
            Job("tally_places", 60, lambda: signature_jobs.tally_places(database)),
            Job("verify_counts", 3600, verify_counts),
            Job("fetch_bounces", 300, lambda: bounce_jobs.fetch_quietly(database, settings)),
        ]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._threads = [
            threading.Thread(target=self._run_jobs, args=[self.jobs], name="jobs", daemon=True),
            threading.Thread(target=self._run_jobs, args=[self.slow_jobs], name="slow_jobs", daemon=True),
            threading.Thread(target=self._send_mail, name="mail", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def request_stop(self) -> None:
        """From a signal handler: end soon."""
        self._stop.set()

    def stop(self) -> None:
        """End after what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self) -> None:
        """Run in the foreground until a signal."""
        while not self._stop.wait(1):
            pass

    def _run_jobs(self, jobs: Sequence[Job]) -> None:
        while not self._stop.is_set():
            for job in jobs:
                if monotonic() >= job.due and not self._stop.is_set():
                    self._run(job)
            self._stop.wait(0.5)

    def _run(self, job: Job) -> None:
        job.due = monotonic() + job.every
        try:
            job.run()
        except Exception as error:  # the next run may succeed; the operator reads the log
            log.error("job_failed", job=job.name, error=type(error).__name__, exc_info=error)

    def _send_mail(self) -> None:
        self.sender.greet()
        while not self._stop.is_set():
            try:
                tried = self.sender.send_due()
            except Exception as error:
                log.error("mail_failed", error=type(error).__name__, exc_info=error)
                tried = 0
            if tried == 0:
                self._stop.wait(0.5)
        self.sender.close()
