"""What is counted, in the form of Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.mail import budget

registry = CollectorRegistry()
_requests = Histogram(
    "signons_request_seconds", "Requests by route and status", ["method", "route", "status"], registry=registry
)
# The only measure of pages that come from the page cache: they meet no router.
pages = Counter("signons_pages", "Pages shown that are the same for everybody", registry=registry)
viewers = Gauge("signons_live_viewers", "Open live feeds of this process", registry=registry)
mails = Gauge("signons_mails", "Mails by state", ["state"], registry=registry)
overdue = Gauge("signons_retention_overdue_seconds", "Age of the oldest row that should be gone", registry=registry)
# Of all processes, since the first day: kept in the database.
bounces = Gauge("signons_mail_bounces_total", "Mails that came back, by what that means", ["kind"], registry=registry)
written_off = Gauge("signons_mail_written_off", "Addresses that no mailing goes to", registry=registry)
mail_room = Gauge(
    "signons_mail_room",
    "How many mails at once a destination takes that takes fewer than it was offered (relay: all of them); 0: none",
    ["destination"],
    registry=registry,
)
oldest_mail = Gauge("signons_oldest_mail_seconds", "Age of the oldest waiting mail", registry=registry)

proofs = Counter("signons_proofs", "Proofs of work asked, solved, wrong, missing", ["outcome"], registry=registry)


registry.register(budget.refused)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    _requests.labels(method, route, str(status)).observe(seconds)
