"""The proof of work (ALTCHA): a browser computes for a second, this process checks it in a ten-thousandth.

What is checked is signed with the instance's key, hence by whichever process; what has served is remembered by
each, or by Redis for all of them. It may serve again for the same address only: whoever was answered "busy"
sends the same form again.
"""

import secrets
from datetime import timedelta
from time import monotonic

from altcha import Payload, create_challenge, verify_solution
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app import clock, crypto
from app.web.ratelimit import AWAY, PATIENCE

ALGORITHM, COST = "PBKDF2/SHA-256", 200
# Tries of a browser: 0.1 s of a good computer, 2 s of a cheap phone.
TRIES = range(1000, 2000)
LASTS = timedelta(minutes=30)
LONGEST = 2000
_KEY_BYTES = 32


class Proofs:
    def __init__(self, key: bytes, redis_url: str = "") -> None:
        self.key = key
        # ALTCHA signs the challenge, and its solution too: checking computes nothing again.
        self._secret, self._solution_secret = crypto.derive(key, "challenge"), crypto.derive(key, "solution")
        self._used = _Used(LASTS.total_seconds())
        self._shared = (
            Redis.from_url(
                redis_url,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                retry=Retry(NoBackoff(), 0),
                decode_responses=True,
            )
            if redis_url
            else None
        )
        self._away_until = 0.0

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.aclose()

    def challenge(self) -> dict[str, object]:
        """What a browser must solve, as ALTCHA's workers read it."""
        made = create_challenge(
            ALGORITHM,
            COST,
            counter=secrets.choice(TRIES),
            key_length=_KEY_BYTES,
            expires_at=int((clock.now() + LASTS).timestamp()),
            hmac_secret=self._secret,
            hmac_key_secret=self._solution_secret,
        )
        return made.to_dict()

    async def good(self, proof: str, address: bytes) -> bool:
        """Whether *proof* solves a challenge of ours, lately, and has served nobody but this *address*."""
        nonce = self._solved(proof)
        return nonce is not None and await self._first(nonce, crypto.digest(self.key, address).hex())

    def _solved(self, proof: str) -> str | None:
        """The challenge that it solves."""
        if not 0 < len(proof) <= LONGEST:
            return None
        try:
            payload = Payload.from_base64(proof)
            if not verify_solution(payload, self._secret, hmac_key_secret=self._solution_secret).verified:
                return None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        parameters = payload.challenge.parameters
        # Signed, hence ours; the one clock says whether it is over.
        return parameters.nonce if clock.now().timestamp() < (parameters.expires_at or 0) else None

    async def _first(self, nonce: str, address: str) -> bool:
        if self._shared is not None and monotonic() >= self._away_until:
            try:
                key = f"signons:proof:{nonce}"
                if await self._shared.set(key, address, nx=True, ex=LASTS):
                    return True
                return bool(await self._shared.get(key) == address)
            except Exception:  # Redis is away: this process remembers by itself
                self._away_until = monotonic() + AWAY
        return self._used.by(nonce, address) == address


class _Used:
    """Which address each proof has served, for *seconds* at least and twice as long at most."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = 0.0
        self._now: dict[str, str] = {}
        self._before: dict[str, str] = {}

    def by(self, nonce: str, address: str) -> str:
        now = clock.now().timestamp()
        if now - self._began >= self.seconds:
            self._before = self._now if now - self._began < 2 * self.seconds else {}
            self._began, self._now = now, {}
        return self._before.get(nonce) or self._now.setdefault(nonce, address)
