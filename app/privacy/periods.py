"""The periods of the schedule, as durations. Maxima: they may be shortened, not lengthened."""

from datetime import timedelta

PENDING = timedelta(days=7)
UPDATES_AFTER_END = timedelta(days=365)
SUPPRESSION = timedelta(days=3 * 365)
POSTING = timedelta(days=365)
COMMENT_WAITING = timedelta(days=30)
COMMENT_AFTER_CLOSING = timedelta(days=365)
COMMENT_REFUSED = timedelta(days=365)
EVIDENCE_AFTER_PURGE = timedelta(days=365)
ACCOUNT_IDLE = timedelta(days=730)
ACCOUNT_WARNING = timedelta(days=30)
AUDIT = timedelta(days=365)
EXPORTS_AFTER_PURGE = timedelta(days=365)
NOTICE_IDENTITY = timedelta(days=183)
NOTICE = timedelta(days=365)
# As long as a backup may come back, with a margin.
ERASURE_JOURNAL = timedelta(days=45)
SENT_MAIL = timedelta(days=30)
UNSENT_MAIL = timedelta(days=7)
SIGN_IN_FAILURE = timedelta(days=1)
RECIPIENT = timedelta(days=1)
REQUEST = timedelta(days=365)
