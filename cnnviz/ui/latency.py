"""Two settings of the system, without which each click waits for nothing.

Answers leave at once. An answer is several small messages, and a system with Nagle's algorithm holds the second one
back until the first is acknowledged, which the browser's system delays by up to 40 ms (RFC 1122, section 4.2.3.2).
asyncio switches the algorithm off, but only for sockets that were made with the protocol spelled out (bpo-27456), which
the server's own listening socket is not. What a listening socket has, its connections inherit.

Memory is kept. A picture's colour planes are half a megabyte of floats each, made and dropped forty times a picture;
glibc gives such blocks back to the system at once, and gets them again, zeroed, page by page: eight pictures of the
chapter's chain cost 22,000 page faults, which takes as long as the arithmetic.
"""

import ctypes
import os
import socket
from contextlib import suppress
from typing import Final

import psutil


def send_at_once() -> int:
    """Switch Nagle's algorithm off for every connection that this process will accept; returns on how many sockets."""
    changed = 0
    with suppress(psutil.Error, OSError):
        for connection in psutil.Process().net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.fd >= 0:  # -1 where the system does not say
                with socket.socket(fileno=os.dup(connection.fd)) as listening:
                    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    changed += 1
    return changed


_TRIM_THRESHOLD: Final = -1  # of mallopt(3): how much free memory stays at the end of the heap
_MMAP_THRESHOLD: Final = -3  # and from which size on a block is the system's own; what is larger is given back as ever
KEPT: Final = 32 << 20  # bytes
LARGE: Final = 8 << 20  # bytes: eight planes of the largest picture


def keep_memory() -> bool:
    """Keep freed memory for what follows; returns whether the system's allocator can do that."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return False
    return bool(mallopt(_TRIM_THRESHOLD, KEPT) and mallopt(_MMAP_THRESHOLD, LARGE))
