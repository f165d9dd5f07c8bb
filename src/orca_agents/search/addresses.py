"""Say which addresses of the web may be fetched: public ones; what was checked is what is connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from orca_agents.errors import SearchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allow = Callable[[Address], bool]
"""Whether an address may be connected to."""
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, as numbers."""

LONGEST_URL = 2000


class AddressError(SearchError):
    """This address may not be fetched, whatever is there."""


def check_url(url: str, allow: Allow | None = None) -> URL:
    """The address in its normal form, without its fragment. Raises `AddressError` that says why it may not be fetched.

    Ports are 80, 443 and those from 1024 on: mail, shells and files have theirs below, and much documentation is
    served on 8080 and its like. That the host is a public one guards more than any list of ports. A host that is a
    number is checked here; a name is only once it is looked up, by the connector.
    """
    url = url.strip()
    shown = url if len(url) <= 200 else url[:200] + "…"
    if len(url) > LONGEST_URL:
        raise AddressError(f"the address {shown!r} is longer than {LONGEST_URL} characters")
    if _UNCLEAR.search(url):
        raise AddressError(f"the address {shown!r} holds spaces, backslashes or control characters: write them as %20")
    try:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
    except (ValueError, IndexError) as error:  # the second: yarl's, of a host in brackets with something behind it
        raise AddressError(f"the address {shown!r} cannot be read: {error}") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise AddressError(f"{shown!r} is not an address of the web: give one that begins with https:// or http://")
    if _CREDENTIALS.match(url):
        raise AddressError(f"an address with a user or a password in it is not fetched: give {host!r} alone")
    if port is None or (port not in (80, 443) and port < _FIRST_FREE_PORT):
        raise AddressError(f"port {port} is not one of the web: 80, 443 and those from {_FIRST_FREE_PORT} on are")
    name = host.removesuffix(".")
    number = _as_number(name)
    if number is not None:
        check_address(number, name, allow)
    elif reason := _refused_name(name):
        raise AddressError(f"the host {name!r} may not be fetched: {reason}")
    if name != host:
        parsed = parsed.with_host(name)
    return parsed.with_fragment(None)


def check_address(address: Address, host: str, allow: Allow | None = None) -> None:
    """Raise `AddressError` unless the address is public, or `allow` says that it may be connected to."""
    if not (is_public(address) if allow is None else allow(address)):
        raise AddressError(
            f"the host {host!r} may not be fetched: its address {address} is not a public one of the internet"
        )


def is_public(address: Address) -> bool:
    """Whether anyone on the internet reaches the same machine at this address.

    Addresses that hold another (IPv4-mapped, NAT64, 6to4, Teredo) are as public as what they hold.
    """
    if isinstance(address, ipaddress.IPv4Address):
        private = not address.is_global or address.is_multicast or address.is_reserved
        return not private and not any(address in network for network in _NOT_FOR_US_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    if address.teredo is not None:
        return all(map(is_public, address.teredo))
    if (int(address) >> 32) & 0xFFFFFFFF in (0x5EFE, 0x02005EFE):  # ISATAP: the last 32 bits are an IPv4 address
        return False
    if address.scope_id is not None or address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_FOR_US_V6)


def make_connector(allow: Allow | None = None, look_up: LookUp | None = None) -> aiohttp.TCPConnector:
    """A connector that reaches checked addresses only.

    A name is looked up once for each connection, all its addresses are checked, and one of these very addresses is
    connected to: a second answer that says otherwise is never asked for. What is connected to is checked once more
    where the socket is made, which no other way goes round.
    """

    def open_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, place = info
        check_address(ipaddress.ip_address(place[0]), str(place[0]), allow)
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(
        resolver=_CheckedResolver(allow, look_up or look_up_by_system),
        use_dns_cache=False,
        force_close=True,  # no connection of an earlier request is taken again
        socket_factory=open_socket,
    )


async def look_up_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as the system's resolver tells them. Raises `OSError` where it knows none."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class _CheckedResolver(AbstractResolver):
    def __init__(self, allow: Allow | None, look_up: LookUp) -> None:
        self._allow = allow
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = [ipaddress.ip_address(said) for said in await self._look_up(host, port)]
        if not found:
            raise OSError(f"the name {host!r} has no address")
        for address in found:  # all of them: a name with one private address is not one of the web
            check_address(address, host, self._allow)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def _as_number(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _refused_name(name: str) -> str | None:
    labels = name.lower().split(".")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are spellings of 127.0.0.1 that some programs read and others do not.
    if _NUMBER.fullmatch(labels[-1]):
        return "write a numeric address as four decimal numbers"
    if not all(_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        return "it is not a host name"
    if len(labels) == 1:
        return "a name without a dot is one of this network"
    if labels[-1] in _LOCAL_ENDS:
        return f"names that end in .{labels[-1]} are not of the internet"
    return None


_FIRST_FREE_PORT = 1024
_UNCLEAR = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
_CREDENTIALS = re.compile(r"[^/?#]*//[^/?#]*@")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCAL_ENDS = {
    "localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan",
    "test", "example", "invalid", "onion", "alt", "arpa",
}  # fmt: skip
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_FOR_US_V4 = (
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4, long given up
    ipaddress.IPv4Network("168.63.129.16/32"),  # a cloud's metadata, under a public number
)
_NOT_FOR_US_V6 = (ipaddress.IPv6Network("3fff::/20"),)  # for documentation, which Python 3.11 does not know
