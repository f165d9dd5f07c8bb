"""Which addresses of the web may be fetched."""

from __future__ import annotations

import ipaddress

import aiohttp
import pytest

from orca_agents.search.addresses import AddressError, check_url, is_public, make_connector

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1",
    "64:ff9b:1::808:808", "2002:7f00:1::1", "2002:a00:1::", "2001:0:7f00:1::f7f7:f7f7", "2001:0:808:808::80ff:fffe",
    "2a00:1450::5efe:7f00:1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.215.14", "2a00:1450:4001:830::200e", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_allowed_also_when_it_is_wrapped(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://docs.python.org/3/#top", "https://docs.python.org/3/"),
        (" HTTP://Docs.Python.ORG./a?b=c ", "http://docs.python.org/a?b=c"),
        ("https://bücher.de/ä", "https://xn--bcher-kva.de/%C3%A4"),
        ("http://8.8.8.8:8080/", "http://8.8.8.8:8080/"),
        ("http://[2a00:1450:4001:830::200e]/", "http://[2a00:1450:4001:830::200e]/"),
    ],
)
def test_addresses_of_the_web_are_put_in_normal_form(url: str, normal: str) -> None:
    assert str(check_url(url)) == normal


@pytest.mark.parametrize(
    "url",
    [
        "", "docs.python.org", "/etc/passwd", "file:///etc/passwd", "ftp://docs.python.org/", "javascript:alert(1)",
        "data:text/html,x", "gopher://docs.python.org/", "http://", "http:///x", "https://user@docs.python.org/",
        "https://user:word@docs.python.org/", "https://@docs.python.org/", "http://docs.python.org:25/",
        "http://docs.python.org:22/", "http://docs.python.org:99999/", "http://localhost/", "http://LOCALHOST./",
        "http://printer/", "http://x.localhost/", "http://nas.local/", "http://metadata.google.internal/",
        "http://router.home.arpa/", "http://127.0.0.1/", "http://127.0.0.1./", "http://127.1/", "http://2130706433/",
        "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://0/", "http://[::1]/", "http://[::]/",
        "http://[::ffff:169.254.169.254]/", "http://[fd00::1]/", "http://[fe80::1%25eth0]/",
        "http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://ｌｏｃａｌｈｏｓｔ/",
        "http://169.254.169.254/latest/meta-data/", "http://a.com\\@127.0.0.1/", "http://127.0.0.1\t.com/",
        "http://a.com\n/", "http://a..com/", "http://a_.-b.com-/", "http://%31%32%37.0.0.1/", "http://[::1", "http://[::1]x@/",
        "https://docs.python.org/" + "a" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_public_address_of_the_web_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        check_url(url)
    assert len(str(caught.value)) < 500


async def _open(url: str, *found: str) -> str:
    """What comes of asking for an address whose name is looked up to these."""

    async def look_up(host: str, port: int) -> list[str]:
        return list(found)

    async with aiohttp.ClientSession(connector=make_connector(look_up=look_up)) as session:
        try:
            await session.get(url, timeout=aiohttp.ClientTimeout(total=5))
        except AddressError as error:
            return str(error)
    return "connected"


async def test_a_name_is_refused_if_one_of_its_addresses_is_private() -> None:
    assert "10.0.0.1 is not a public one" in await _open("http://docs.python.org/", "8.8.8.8", "10.0.0.1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/"])
async def test_the_socket_itself_is_never_opened_to_a_private_address(url: str) -> None:
    assert "is not a public one" in await _open(url)
