"""The address of an MQTT broker, as settings and command lines give it."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FILES = frozenset({"ca", "cert", "key"})
_LOOKS = (
    "that is no address of a broker: write mqtt://user:password@host:1883 or mqtts://host:8883, "
    "with %2F for / and %40 for @ in the password"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Address and credentials of a broker."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    secure: bool = False
    """TLS; the broker's certificate is always checked."""
    ca: str | None = None
    """File with the authority that signed the broker's certificate; None: those the system knows."""
    cert: str | None = None
    """File with our own certificate, where the broker asks for one."""
    key: str | None = None
    """File with its key; None: it is in `cert`."""

    @classmethod
    def parse(cls, url: str) -> "Broker":
        """Parse `mqtt://[user[:password]@]host[:port]`, or `mqtts://…[?ca=FILE][&cert=FILE&key=FILE]`.

        Raises:
            ValueError: it is something else; the text says how to write it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            options = {
                key: values[-1] for key, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
            }
        except ValueError:
            raise ValueError(_LOOKS) from None  # its own words may be of the password
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(_LOOKS)
        if options.keys() - _FILES:
            raise ValueError("the broker's address has an unknown option: ca, cert and key are known")
        if options and parts.scheme != "mqtts":
            raise ValueError("certificates need TLS: write mqtts:// instead of mqtt://")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            secure=parts.scheme == "mqtts",
            **options,
        )

    def tls(self) -> ssl.SSLContext | None:
        """Context of a connection, None without TLS.

        Raises:
            OSError: a file of the address cannot be read.
        """
        if not self.secure:
            return None
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert is not None:
            context.load_cert_chain(self.cert, self.key)
        return context
