"""Checks of ports and certificates before servers start, so that a fault is one line."""

import socket
import ssl
from pathlib import Path

from patrol.cli import errors
from patrol.settings.settings import Settings


def check_http(settings: Settings) -> None:
    """Check the port of the map and its certificate.

    Raises:
        SetupError: they cannot be used; says what to do.
    """
    check_port(settings.http_host, settings.http_port, "--http-port")
    if settings.http_cert is not None:
        _check_certificate(settings.http_cert, settings.http_key)
    elif settings.http_key is not None:
        raise errors.SetupError("PATROL_HTTP_KEY is set without PATROL_HTTP_CERT: set both, or neither.")


def check_port(host: str, port: int, setting: str) -> None:
    """Check that the port can be used.

    Raises:
        SetupError: the port is taken, or the address is not this machine's.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as fault:
            raise errors.SetupError(port_taken(host, port, fault, setting)) from fault


def port_taken(host: str, port: int, fault: OSError, setting: str) -> str:
    """Remedy for a port that cannot be used."""
    return (
        f"Port {port} of {host} cannot be opened ({fault.strerror}): stop the program that uses it, choose another "
        f"port with {setting}, or another address with PATROL_HTTP_HOST."
    )


def _check_certificate(cert: Path, key: Path | None) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, _no_password)
    except (OSError, ValueError) as fault:
        why = getattr(fault, "reason", None) or getattr(fault, "strerror", None) or fault
        raise errors.SetupError(
            f"PATROL_HTTP_CERT {cert} and PATROL_HTTP_KEY {key or 'in the same file'} cannot be used ({why}): give the "
            "certificate chain and its unencrypted private key as PEM, readable for this user."
        ) from fault


def _no_password() -> str:
    raise ValueError("the key is encrypted")
