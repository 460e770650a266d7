"""Limits by client address: slowapi on ordinary routes, the same engine without threads where
thousands sign. Storage is in memory, or in Redis for several processes; when Redis is away, each
process limits by itself.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache, partial
from time import monotonic
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage as AsyncStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import MemoryStorage, storage_from_string
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry
from slowapi import Limiter
from starlette.requests import Request

from app.errors import TooMany
from app.settings import Settings

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
# A Redis that does not answer in this time is away, for AWAY seconds at least: the limit protects the
# site and must not slow it down.
PATIENCE = 0.5
AWAY = 2.0
SENTENCE = "Trop d’envois en peu de temps depuis votre connexion. Réessayez un peu plus tard."


# A customer of IPv6 is a /64, and may have many: the networks around count as well, this many times as wide.
CUSTOMER = 64
AROUND = {56: 4, 48: 16}


def client_key(request: Request) -> str:
    """The client's address; an IPv6 customer is a /64."""
    host = request.client.host if request.client else "unknown"
    address = _ipv6(host)
    if address is None:
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((address, CUSTOMER), strict=False).network_address)


def peer_of(request: Request) -> str:
    """Address and port of whoever posts: what hosts keep of a comment, sealed, for a year."""
    return f"{request.client.host} {request.client.port}" if request.client else ""


def _ipv6(host: str) -> ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(host) if ":" in host else None
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def network_of(host: str) -> str:
    """What surrounds an address: its /24, or its /48 in IPv6. Neighbours, a school, an operator's customers."""
    address = _ipv6(host)
    if address is not None and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 48), strict=False))
    return str(address.ipv4_mapped if address else host).rpartition(".")[0] or host


def _around(bits: int, request: Request) -> str:
    """The wider network of an IPv6 client, "" for any other."""
    address = _ipv6(request.client.host) if request.client else None
    if address is None or address.ipv4_mapped is not None:
        return ""
    return str(ipaddress.ip_network((address, bits), strict=False))


def _alone(bits: int, request: Request) -> bool:
    return not _around(bits, request)


def _wider(rate: str, times: int) -> str:
    """``5/minute`` becomes ``20 per 1 minute``."""
    return ";".join(f"{item.amount * times} per {item.multiples} {item.GRANULARITY.name}" for item in parse_many(rate))


def _impatient(retry: type[Any]) -> dict[str, Any]:
    return {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": retry(NoBackoff(), 0)}


class _Rates:
    """The rates of the settings; decorators are made before the settings are read."""

    post = "30/minute"
    login = "10/minute;50/hour"
    # Signed-in people work fast: 200 comments by keyboard must go through.
    staff = "300/minute"
    # Whoever begins a petition, without an account; several a day from one network are plenty.
    begin = "30/minute;100/day"
    # A draft saves itself every few seconds, and shows itself.
    draft = "120/minute"
    # A service that tells what came back of a mailing.
    machine = "600/minute"


rates = _Rates()
# Without Redis the same rates hold, of each process.
limiter = Limiter(client_key, key_style="endpoint", in_memory_fallback_enabled=True)


def limited(rate: str = "post") -> Callable[[Endpoint], Endpoint]:
    """Decorate a POST route: at most ``rates.<rate>`` an address."""

    def decorate(endpoint: Endpoint) -> Endpoint:
        limit: Endpoint = limiter.limit(lambda: getattr(rates, rate))(endpoint)
        for bits, times in AROUND.items():
            limit = limiter.limit(
                partial(_widened, rate, times),
                key_func=partial(_around, bits),
                exempt_when=partial(_alone, bits),
            )(limit)
        return limit

    return decorate


def _widened(rate: str, times: int) -> str:
    return _wider(getattr(rates, rate), times)


async def check(request: Request) -> None:
    """Count this request against its route's limits, before anything else is done for it.

    The decorator, which stands behind sessions and permissions, finds it done. Raises RateLimitExceeded.
    """
    count = partial(limiter._check_request_limit, request, request.scope["endpoint"], False)
    if isinstance(limiter._storage, MemoryStorage):
        count()
    else:  # a shared storage is asked in a thread, of which those who act have no need
        await to_thread.run_sync(count, limiter=_askers())
    request.state._rate_limiting_complete = True


@lru_cache(maxsize=1)
def _askers() -> CapacityLimiter:
    return CapacityLimiter(8)


class _Hits:
    """Hits by address in one fixed window, in memory.

    Made for hundreds of thousands of addresses: nothing ever walks through them (``limits`` looks
    at every address on every hit); a window's addresses are forgotten together at its end.
    """

    def __init__(self, item: RateLimitItem) -> None:
        self.item = item
        self.seconds = item.get_expiry()
        self.ends = 0.0
        self.hits: dict[str, int] = {}

    def hit(self, key: str) -> bool:
        now = monotonic()
        if now >= self.ends:
            self.hits, self.ends = {}, now + self.seconds
        n = self.hits[key] = self.hits.get(key, 0) + 1
        return n <= self.item.amount


class AsyncLimit:
    """A limit for ``async def`` routes that many people use at once."""

    def __init__(self, name: str, rate: str, redis_url: str) -> None:
        self.name = name
        self.items = [
            (bits, item, _Hits(item))
            for bits, times in {CUSTOMER: 1, **AROUND}.items()
            for item in parse_many(_wider(rate, times))
        ]
        self._shared: FixedWindowRateLimiter | None = None
        # Redis was not there: it is not asked again before.
        self._away_until = 0.0
        if redis_url:
            shared = storage_from_string(f"async+{redis_url}", implementation="redispy", **_impatient(AsyncRetry))
            assert isinstance(shared, AsyncStorage)
            self._shared = FixedWindowRateLimiter(shared)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.storage.bridge.storage.aclose()  # type: ignore[attr-defined]

    async def check(self, request: Request) -> None:
        """Raises TooMany."""
        for bits, item, local in self.items:
            key = client_key(request) if bits == CUSTOMER else _around(bits, request)
            if key and not await self._hit(item, local, key):
                raise TooMany(SENTENCE, item.get_expiry())

    async def _hit(self, item: RateLimitItem, local: _Hits, key: str) -> bool:
        if self._shared is not None and monotonic() >= self._away_until:
            try:
                return await self._shared.hit(item, self.name, key)
            except Exception:  # Redis is away: protect this process all the same
                self._away_until = monotonic() + AWAY
        return local.hit(key)


def configure(settings: Settings) -> None:
    """Give the decorators their rates and their storage."""
    rates.post, rates.login = settings.rate_post, settings.rate_login
    rates.begin = f"{settings.rate_post};100/day"
    options = _impatient(Retry) if settings.redis_url else {}
    storage = storage_from_string(settings.redis_url or "memory://", **options)
    limiter._storage = storage
    limiter._limiter = type(limiter._limiter)(storage)
