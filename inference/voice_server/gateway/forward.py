"""The HTTP client: one request, one connection.

A connection a request costs a fraction of a millisecond, and every pod behind a Service gets its share at
once; a pooled connection stays with the pod that it was opened to, also while that pod is dying.
"""

from types import TracebackType
from typing import Self

import aiohttp

from voice_server.gateway.outcome import MAX_AUDIO, Failed, Outcome, Reply, Why, judge

CONNECT_TIMEOUT = 1.0
LONGEST_RETRY = 60.0


class Forwarder:
    def __init__(self, timeout: float) -> None:
        """Each try may take `timeout` seconds until the last byte."""
        self._connector = aiohttp.TCPConnector(limit=0, force_close=True, ttl_dns_cache=30)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, url: str, body: bytes, request_id: str) -> Outcome:
        """What the engine at `url` answers; never raises for anything that an engine or a network can do."""
        headers = {"Content-Type": "application/json", "X-Request-Id": request_id}
        try:
            async with self._session.post(
                f"{url}/v1/audio/speech", data=body, headers=headers, allow_redirects=False
            ) as response:
                return judge(await _reply(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._connector.clear_dns_cache()
            return Failed(Why.UNREACHABLE, str(error))
        except TimeoutError:
            return Failed(Why.TIMEOUT, "no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return Failed(Why.LOST, repr(error))


async def _reply(response: aiohttp.ClientResponse) -> Reply:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_AUDIO:
            break
    return Reply(
        status=response.status,
        media_type=response.headers.get("Content-Type", ""),
        body=bytes(body),
        engine=response.headers.get("X-Engine"),
        retry_after=_seconds(response.headers.get("Retry-After", "")),
    )


def _seconds(text: str) -> float | None:
    return min(float(text), LONGEST_RETRY) if text.isdecimal() else None
