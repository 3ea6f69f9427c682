"""Under which addresses the machines of a room reach this one."""

import ipaddress
import socket
from typing import Final

import psutil

_VIRTUAL: Final = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vethernet", "tailscale", "utun", "wg", "tun")


def lan_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses that a neighbour can reach, those of virtual networks last; nothing is sent.

    None where the system does not let a service look at its network.
    """
    try:
        up = {name for name, state in psutil.net_if_stats().items() if state.isup}
        networks = psutil.net_if_addrs()
    except OSError:
        return ()
    found = [
        (name.lower().startswith(_VIRTUAL), entry.address)
        for name, entries in networks.items()
        for entry in entries
        if entry.family == socket.AF_INET and name in up
    ]
    usable = [
        (virtual, address)
        for virtual, address in found
        if not (ipaddress.ip_address(address).is_loopback or ipaddress.ip_address(address).is_link_local)
    ]
    return tuple(address for _virtual, address in sorted(usable, key=lambda pair: pair[0]))
