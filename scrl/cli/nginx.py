"""The configuration of nginx in front of several processes of the app.

The first request of a visitor goes to the process with the fewest connections; a cookie names it,
and later requests go there. Where that process does not answer, another takes over, and the cookie
names that one from then on, since uploads and pictures of a page are in the memory of its process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

#: Megabytes of an upload: the largest ratings file, and room for the form around it.
MAX_UPLOAD_MB = 210
#: Seconds for which a process that did not answer is left out.
FAIL_SECONDS = 3

_TEMPLATE = """\
# Written by `scrl app --workers`. One address, several processes of the app.
daemon off;
{user}pid {folder}/nginx.pid;
error_log stderr crit;
worker_processes 1;
events {{ worker_connections 4096; }}

http {{
    access_log off;
    server_tokens off;
    default_type application/octet-stream;
    client_max_body_size {upload}m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;

    upstream {all} {{
        least_conn;
{servers}
    }}
{groups}
    # Which process the cookie names, and which one has answered.
    map $cookie_{cookie} $asked {{
        default {all};
{asked}
    }}
    map $upstream_addr $answered {{
        default "";
{answered}
    }}
    # The cookie is set where it does not name the process that has answered.
    map "$cookie_{cookie} $answered" $cookie_to_set {{
        default "{cookie}=$answered; Path=/; HttpOnly; SameSite=Lax";
        "~ $" "";
{unchanged}
    }}
    map $http_upgrade $connection_kind {{
        default upgrade;
        "" close;
    }}

    server {{
        listen {listen};
        location / {{
            proxy_pass http://$asked;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_kind;
            proxy_connect_timeout 5s;
            # An open page sends and receives nothing for hours.
            proxy_read_timeout 1d;
            proxy_send_timeout 1d;
            add_header Set-Cookie $cookie_to_set always;
        }}
    }}
}}
"""


def configuration(listen: str, ports: Sequence[int], folder: Path, user: str = "") -> str:
    """The text of ``nginx.conf``.

    Args:
        listen: the public address and port, such as ``"0.0.0.0:8501"``.
        ports: of the processes, on this machine's loopback address.
        folder: for nginx's temporary files.
        user: whom nginx's processes run as; "" where nginx is started by an ordinary user.
    """
    names = [f"w{number}" for number in range(len(ports))]
    places = [f"127.0.0.1:{port}" for port in ports]
    cookie = cookie_name(listen)
    groups = [
        f"    upstream {_group(name)} {{\n" + "\n".join(_servers(places, own)) + "\n    }"
        for name, own in zip(names, places, strict=True)
    ]
    # After a process that does not answer, the address of the one that does is the last.
    ends = [place.replace(".", "[.]") for place in places]
    answered = [f'        "~{end}$" {name};' for end, name in zip(ends, names, strict=True)]
    return _TEMPLATE.format(
        user=f"user {user};\n" if user else "", folder=folder, upload=MAX_UPLOAD_MB, listen=listen,
        all=_group("all"), cookie=cookie,
        servers="\n".join(_servers(places)), groups="\n".join(groups),
        asked="\n".join(f"        {name} {_group(name)};" for name in names),
        answered="\n".join(answered),
        unchanged="\n".join(f'        "{name} {name}" "";' for name in names),
    )  # fmt: skip


def cookie_name(listen: str) -> str:
    """The name of the cookie; cookies of one host are shared by all its ports."""
    return f"scrl_worker_{listen.rpartition(':')[2]}"


def _group(name: str) -> str:
    return f"scrl_{name}"


def _servers(places: Sequence[str], own: str = "") -> list[str]:
    """The lines of a group; where one process is the group's own, others are in reserve."""
    return [
        f"        server {place} max_fails=1 fail_timeout={FAIL_SECONDS}s"
        + (" backup;" if own and place != own else ";")
        for place in places
    ]
