"""Where Labeler listens on this machine, and under which addresses people reach it."""

import contextlib
import errno
import http.client
import os
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import CommandError

from labeler.management.tls import certificate_for, is_loopback, names_of_host

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (listening there is asked for by HOST=)
PROBE_SECONDS = 3


def in_brackets(name: str) -> str:
    """IPv6 addresses stand in brackets wherever a port or a path may follow."""
    return f"[{name}]" if ":" in name else name


def check_port(host: str, port: int) -> None:
    """Stop with one sentence if nothing can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError as error:
            raise CommandError(f"There is no port {port}; choose one between 1024 and 65535.") from error
        except PermissionError as error:
            raise CommandError(f"Only root may use port {port}; choose one above 1023, like PORT=8000.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"Cannot listen on HOST={host}: {error.strerror}.") from error
            raise CommandError(
                f"Port {port} is in use by another program; end that one or choose another port, like PORT={port + 1}."
            ) from error


@dataclass
class Site:
    """A host and a port, with what the web server needs to be told about them."""

    host: str
    port: int
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"

    @classmethod
    def on(cls, host: str, port: int, *, tls_folder: Path) -> "Site":
        """Plain http on loopback; elsewhere TLS, since browsers refuse parts of the platform over plain http."""
        names = names_of_host(host)
        site = cls(host, port, environment={"ALLOWED_HOSTS": ",".join(map(in_brackets, names))})
        if os.environ.get("ALLOWED_HOSTS"):
            site.environment = {}
        if not is_loopback(host):
            key, certificate = certificate_for(names, tls_folder)
            site.scheme = "https"
            site.arguments = [f"--certfile={certificate}", f"--keyfile={key}"]
            # A browser that trusts the self-made certificate must not be bound to https for a year.
            site.environment |= {"HTTPS": "1", "HSTS_SECONDS": "0"}
        return site

    @property
    def bind(self) -> str:
        return f"{in_brackets(self.host)}:{self.port}"

    @property
    def addresses(self) -> list[str]:
        """What people type into a browser."""
        names = [self.host]
        if self.host in ANYWHERE:
            names = [name for name in names_of_host(self.host) if not is_loopback(name)]
        return [f"{self.scheme}://{in_brackets(name)}:{self.port}/" for name in names]

    def status(self) -> int | None:
        """The HTTP status of the log-in page; None while the server does not answer."""
        host = ANYWHERE.get(self.host, self.host)
        link: http.client.HTTPConnection
        if self.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is our own server, next door
            link = http.client.HTTPSConnection(host, self.port, timeout=PROBE_SECONDS, context=context)
        else:
            link = http.client.HTTPConnection(host, self.port, timeout=PROBE_SECONDS)
        with contextlib.closing(link), contextlib.suppress(OSError, http.client.HTTPException):
            link.request("GET", "/accounts/login/")
            return link.getresponse().status
        return None
