"""A mail server, and a worker that sends through it; each file says with which settings."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from app.mail.sending import Sender
from tests.mailserver import MailServer, smtp
from tests.site import Site


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with smtp() as running:
        yield running


@pytest.fixture
def sender(site: Site) -> Iterator[Sender]:
    with closing(Sender(site.settings, site.database, site.app.state.templates)) as running:
        yield running
