"""A connection sends each message at once, as the server makes its sockets."""

import socket
import sys

import pytest

from cnnviz.ui.latency import send_at_once


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
