"""REST models of enrolment, and of requests by brokers."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field, StringConstraints

from schemas import topics
from schemas.rest import Model

Name = Annotated[str, StringConstraints(pattern=f"^{topics.NAME.pattern}$")]


class Enrol(Model):
    """A device to enrol."""

    name: Name = Field(description="Unique in the city: the device level of its topics.")
    unit: Name = Field(description="Unit that owns it: the unit level of its topics.")
    label: str | None = Field(default=None, max_length=100, description="Name shown to people.")
    datum: Literal["wgs84", "gcj02", "bd09", "cgcs2000"] = "wgs84"


class Credentials(Model):
    """Access data of a device; the password is shown only in this answer."""

    device: str
    unit: str
    password: str
    broker: str = Field(description="mqtt://host:port or mqtts://host:port, for handsets.")
    link: str = Field(description="Configures the OwnTracks app and contains the password; for a QR code.")
    qr: list[str] = Field(description="QR code of the link: a text for each row of modules, 1 dark and 0 light.")


class AskedIn(Model):
    """A broker's request about a connecting client. Other fields are ignored."""

    model_config = Model.model_config | {"extra": "ignore"}

    username: str = Field(max_length=200)
    password: str = Field(default="", max_length=1_000)
    clientid: str = Field(
        default="", max_length=65_535, validation_alias=AliasChoices("clientid", "client_id"),
        description="MQTT client id, which must be the name of the device; `client_id` is accepted, too.",
    )  # fmt: skip


class Asked(Model):
    """A broker's request about access to a topic. Other fields are ignored."""

    model_config = Model.model_config | {"extra": "ignore"}

    username: str = Field(max_length=200)
    topic: str = Field(default="", max_length=65_535)
    action: Literal["publish", "subscribe"] = "publish"


class Answered(Model):
    """The answer to a broker."""

    result: Literal["allow", "deny"]
    is_superuser: bool = False
