"""By which names other computers in the room reach this one."""

import ipaddress
import socket

import psutil

__all__ = ["hosts", "own_addresses"]


def own_addresses() -> list[str]:
    """The addresses (IPv4) of this machine in its networks, those of a private network first; no request is made."""
    found = []
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    for name, addresses in psutil.net_if_addrs().items():
        for one in addresses:
            if name in up and one.family == socket.AF_INET:
                address = ipaddress.ip_address(one.address)
                if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                    found.append(address)
    return [str(address) for address in sorted(found, key=lambda it: (not it.is_private, it))]


def hosts(*others: str) -> list[str]:
    """Every name that a browser may call this machine by: its addresses, its own name, and `others`."""
    name = socket.gethostname().lower()
    local = [] if "." in name else [f"{name}.local"]  # as macOS, Windows and avahi give it to the network
    return list(dict.fromkeys(["localhost", "127.0.0.1", "::1", *own_addresses(), name, *local, *others]))
