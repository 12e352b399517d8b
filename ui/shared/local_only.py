"""Nothing leaves the machine, the server's start included."""

from __future__ import annotations

from streamlit import net_util


def ask_nobody_outside() -> None:
    """Keep Streamlit from asking a host on the internet for this machine's address.

    It would ask for each request that names a foreign origin. What it asks at its start is
    switched off in ``.streamlit/config.toml``.
    """
    net_util.get_external_ip = lambda: None
