"""Send JSON to an endpoint, and read the JSON or the fault that comes back.

The openai package knows each endpoint's address, headers and authentication, Azure's too. The bytes go over aiohttp,
the faster one of its own transports, without its `post`, which takes 0.7 ms of CPU a call: as much as all the rest.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai
from pydantic_core import to_json

from orca_agents.errors import BadRequestError, UnreachableError
from orca_agents.models.faults import Endpoint
from orca_agents.models.retries import Fault
from orca_agents.run_config import ModelConfig

_IDLE_CONNECTION_S = 4.0  # uvicorn, vLLM's server, closes idle connections after 5 s: be earlier
_LISTING_S = 10.0


class Transport:
    """The connections to one endpoint. For one event loop; how many are open is for the gate before it to say."""

    def __init__(self, config: ModelConfig, url: str, endpoint: Endpoint) -> None:
        client = self._client = _client(config, url, endpoint)
        query = f"?{urlencode(client.default_query)}" if client.default_query else ""
        self._chat = f"{client.base_url}chat/completions{query}"
        self._models = f"{client.base_url}models{query}"
        headers = {**client.default_headers, **client.auth_headers}
        self._endpoint = endpoint
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_IDLE_CONNECTION_S, ssl=httpx2.create_ssl_context()
            ),
            headers={name: value for name, value in headers.items() if isinstance(value, str)},
            proxy=_proxy(self._chat),
        )

    async def post(self, body: dict[str, Any], connect_s: float) -> object:
        """The JSON data that came back, or a `Fault`."""
        total = self._endpoint.timeout_s
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=min(total, connect_s))
        try:
            data = to_json(body)
        except ValueError:
            what = "the request holds half a surrogate pair, which is no text"
            return Fault(BadRequestError, what, "clean the seed that it comes from")
        try:
            # what follows a redirect would take the key along, perhaps to somebody else
            async with self._session.post(self._chat, data=data, timeout=timeout, allow_redirects=False) as response:
                raw = await response.read()
            if response.status >= 400:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return self._endpoint.status_fault(response.status, raw.decode(errors="replace"), headers)
            if response.status >= 300:
                return self._moved(
                    response.status, response.headers.get("Location", "an address that it does not name")
                )
            return json.loads(raw)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._endpoint.connection_fault(error)
        except (ValueError, RecursionError) as error:
            return self._endpoint.malformed_fault(f"it is not JSON, {error}", None)

    async def listed_models(self) -> list[dict[str, Any]]:
        """What the endpoint lists of its models; empty if it lists none, and never an error."""
        with suppress(aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
            async with asyncio.timeout(_LISTING_S), self._session.get(self._models, allow_redirects=False) as response:
                data = json.loads(await response.read())
            rows = data.get("data") if isinstance(data, dict) else data
            return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return []

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._client.close()

    def _moved(self, status: int, where: str) -> Fault:
        what = f"{self._endpoint.address} answered {status}: it has moved to {self._endpoint.tell(where)}"
        return Fault(UnreachableError, what, "give that address as base_url, up to its /v1", status=status)


def _client(config: ModelConfig, url: str, endpoint: Endpoint) -> openai.AsyncOpenAI:
    """What the openai package makes of an address and a key."""
    key = endpoint.secret.reveal() or "none"  # it does not do without, and servers of one's own often want none
    if config.azure:
        return openai.AsyncAzureOpenAI(
            azure_endpoint=url,
            azure_deployment=config.azure.deployment or config.model,
            api_version=config.azure.api_version,
            api_key=key,
        )
    return openai.AsyncOpenAI(base_url=url, api_key=key)


def _proxy(address: str) -> str | None:
    """The proxy that the environment names for an address. (aiohttp itself would look it up for each request.)"""
    parts = urlsplit(address)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
