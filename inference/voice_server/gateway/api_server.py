"""The API server as one pod needs it: a list and a watch of one ConfigMap, with the pod's own account."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus

import aiohttp

from voice_server.settings import ConfigMapSource

CONNECT_SECONDS = 5.0


class ApiError(Exception):
    """The API server did not give what was asked for; the message says what it said."""


class ApiServer:
    """One session. A new one is made after each failure, so that a new certificate authority is noticed, too."""

    def __init__(self, source: ConfigMapSource, session: aiohttp.ClientSession) -> None:
        self._source = source
        self._session = session

    @contextlib.asynccontextmanager
    async def config_map(self, **wanted: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a list of the one ConfigMap, or to its watch where `wanted` says so."""
        # The token is read anew: Kubernetes replaces it before it expires.
        token = (self._source.account / "token").read_text().strip()
        async with self._session.get(
            f"{self._source.api}/api/v1/namespaces/{self._source.namespace}/configmaps",
            params={"fieldSelector": f"metadata.name={self._source.name}"} | wanted,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            allow_redirects=False,
        ) as response:
            if response.status != HTTPStatus.OK:
                raise ApiError(f"status {response.status}: {(await response.text())[:200]}")
            yield response


@contextlib.asynccontextmanager
async def connected(source: ConfigMapSource) -> AsyncIterator[ApiServer]:
    """A session with the API server; nothing is asked yet."""
    trust = ssl.create_default_context(cafile=source.account / "ca.crt")
    patience = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), timeout=patience) as session:
        yield ApiServer(source, session)
