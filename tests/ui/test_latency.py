"""A connection sends each message at once, as the server makes its sockets; memory that was freed is used again."""

import platform
import socket
import subprocess
import sys

import pytest

from cnnviz.ui.latency import keep_memory, send_at_once


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def test_what_is_accepted_from_now_on_waits_for_no_acknowledgement(family):
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family) as listening:
        listening.bind((address, 0))
        listening.listen()
        changed = send_at_once()
        assert sys.platform != "linux" or changed >= 1
        with socket.create_connection(listening.getsockname()[:2]) as _client:
            accepted, _ = listening.accept()
            with accepted:
                told = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert told or sys.platform != "linux"


def test_memory_that_was_freed_is_not_fetched_from_the_system_again():
    """In a process of its own: ten blocks of the size of a picture's planes, dropped and made again."""
    script = """
import resource
from cnnviz.ui.latency import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [bytearray(1 << 20) for _ in range(10)]
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
print(keep_memory(), first, faults() and faults())
"""
    if platform.libc_ver()[0] != "glibc":
        assert keep_memory() in (True, False), "whatever the system's allocator is, nothing breaks"
        return
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    kept, first, later = done.stdout.split()
    assert kept == "True" and int(first) > 1000 and int(later) < 100
