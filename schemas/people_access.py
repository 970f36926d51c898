"""Models of accounts and API tokens."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.rest import Model, Page

Role = Literal["administrator", "commander", "supervisor", "analyst", "officer", "auditor"]
NAME_PATTERN = r"^[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿._@-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Password = Annotated[
    str, Field(min_length=10, max_length=1024, description="At least 10 characters; a phrase is best.")
]
AreaCode = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
Areas = Annotated[list[AreaCode], Field(max_length=200)]
Badge = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
Scope = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class AccountGiven(Model):
    """An account to create."""

    name: Name
    role: Role
    password: Password | None = Field(default=None, description="Null: generated and shown once.")
    areas: Areas | None = Field(default=None, description="Codes of areas, including all below; null: whole city.")
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    officer: Badge | None = Field(default=None, description="Badge of the officer whose record the account may read.")
    openid: bool = Field(
        default=False,
        description="True: for a person who signs in at the OpenID provider under this name; no password.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.openid and self.password is not None:
            raise ValueError("an account of the OpenID provider has no password here")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from is not None and self.valid_to is not None and self.valid_from >= self.valid_to:
            raise ValueError("valid_from must be before valid_to")
        return self


class AccountChange(Model):
    """Changes of an account; missing fields stay the same."""

    role: Role | None = None
    password: Password | None = None
    areas: Areas | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    officer: Badge | None = None
    disabled: bool | None = None
    reset_second_factor: bool = Field(
        default=False, description="Remove the second factor; sign-in asks for no code until it is set up again."
    )

    @model_validator(mode="after")
    def _not_null(self) -> Self:
        for name in ("role", "disabled"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} must not be null; leave it out to keep it")
        return self


class Account(Model):
    """An account."""

    name: str
    role: Role
    areas: list[str] | None = Field(description="Null: the whole city.")
    valid_from: AwareDatetime | None
    valid_to: AwareDatetime | None
    disabled: bool
    created_at: AwareDatetime
    officer: str | None = Field(description="Badge.")
    second_factor: bool
    issuer: str | None = Field(description="OpenID provider of the account; null: password.")
    sessions: int = Field(description="Number of present sessions.")


class AccountMade(Account):
    """A new account."""

    password: str | None = Field(description="Generated, and shown only now; null: as given.")


class Accounts(Page):
    """A page of accounts."""

    items: list[Account]


class TokenGiven(Model):
    """An API token to create."""

    name: Name
    role: Role
    areas: Areas | None = None
    scopes: Annotated[list[Scope], Field(max_length=32)] | None = Field(
        default=None, description="Permissions, some of the role's; null: all of them."
    )
    expires_at: AwareDatetime | None = None


class Token(Model):
    """An API token, without its secret."""

    id: int
    name: str
    role: Role
    areas: list[str] | None
    scopes: list[str] | None
    account: str | None = Field(description="Its creator, with which it ends; null: the command line.")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None


class Tokens(Page):
    """A page of API tokens."""

    items: list[Token]


class TokenMade(Model):
    """A new token."""

    token: str = Field(description="Shown only now.")


class PasswordChange(Model):
    """A change of the own password."""

    current: str = Field(min_length=1, max_length=1024)
    new: Password


class CurrentPassword(Model):
    """The own password, required again for sensitive actions."""

    current: str = Field(min_length=1, max_length=1024)


class Ended(Model):
    """Ended sessions and tokens."""

    sessions_ended: int


class SecondFactor(Model):
    """A second factor waiting for its first code."""

    secret: str = Field(description="Base32, for typing.")
    address: str = Field(description="otpauth://, for a QR code.")


class SignIn(Model):
    """Name and password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)
    code: str | None = Field(default=None, max_length=20, description="Code of the second factor, if there is one.")


class CodeGiven(Model):
    """A code of the authenticator app, or a recovery code."""

    code: str = Field(min_length=6, max_length=20)


class RecoveryCodes(Model):
    """Recovery codes for a lost phone, each valid once; shown only now."""

    codes: list[str]
