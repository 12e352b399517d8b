"""The address that phones can reach, and what may stand between."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st


@dataclass(frozen=True)
class Reach:
    """How phones reach the server.

    Attributes:
        address: such as ``"http://192.168.1.5:8501"``, without a slash at the end.
        hint: one or two sentences where phones cannot reach it as it is; "" where they can.
    """

    address: str
    hint: str = ""


def reach() -> Reach:
    """The address for phones, from the page's own address and the server's settings."""
    page = urlsplit(st.context.url or "")
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    path = f"/{base}" if base else ""
    if page.hostname and not is_local(page.hostname):
        # The teacher's browser came by this address, so phones can, too.
        return Reach(f"{page.scheme}://{page.netloc}{path}")
    port = page.port or st.get_option("server.port")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    bound = st.get_option("server.address")
    if bound and is_local(bound):
        return Reach(
            f"{scheme}://{bound}:{port}{path}",
            "The server listens on this computer only, so phones cannot reach it. Stop it and "
            f"start it with `streamlit run app.py --server.address 0.0.0.0 --server.port {port}`.",
        )
    found = bound if bound and bound not in ("0.0.0.0", "::") else local_address()
    if not found:
        return Reach(
            f"{scheme}://localhost:{port}{path}",
            "This computer is in no network, so phones cannot reach it. Join the network of the "
            "phones, then reload this page.",
        )
    host = f"[{found}]" if ":" in found else found
    return Reach(f"{scheme}://{host}:{port}{path}")


def is_local(host: str) -> bool:
    """Whether a host name means this computer only."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def local_address() -> str:
    """This computer's address in its network; "" where it has none.

    A datagram socket chooses the address by which it would send; nothing is sent.
    """
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                found = probe.getsockname()[0]
        except OSError:
            continue
        if not is_local(found):
            return found
    return ""
