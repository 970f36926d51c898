"""Models of accounts and API tokens."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.rest import Model, Page

Role = Literal["administrator", "commander", "supervisor", "analyst", "officer", "auditor"]
NAME_PATTERN = r"^[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿._@-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Password = Annotated[str, Field(min_length=10, max_length=1024, description="10 characters or more; a phrase is best.")]
AreaCode = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
Areas = Annotated[list[AreaCode], Field(max_length=200)]
Badge = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
Scope = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class AccountGiven(Model):
    """An account to make."""

    name: Name
    role: Role
    password: Password | None = Field(default=None, description="Null: one is made and shown once.")
    areas: Areas | None = Field(default=None, description="Codes of areas, all below included; null: the whole city.")
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    officer: Badge | None = Field(default=None, description="Badge of the officer whose own record it may read.")
    openid: bool = Field(
        default=False,
        description="True: who signs in at the site's OpenID provider under this name has it; no password.",
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
    """What to change of an account; what is absent stays."""

    role: Role | None = None
    password: Password | None = None
    areas: Areas | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    officer: Badge | None = None
    disabled: bool | None = None
    reset_second_factor: bool = Field(default=False, description="Sign-in asks for no code until it is set up anew.")

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
    issuer: str | None = Field(description="OpenID provider that vouches; null: by password.")
    sessions: int = Field(description="How many sessions it has now.")


class AccountMade(Account):
    """An account that was made just now."""

    password: str | None = Field(description="Made and shown only now; null: as was given.")


class Accounts(Page):
    """A page of accounts."""

    items: list[Account]


class TokenGiven(Model):
    """An API token to make."""

    name: Name
    role: Role
    areas: Areas | None = None
    scopes: Annotated[list[Scope], Field(max_length=32)] | None = Field(
        default=None, description="Permissions, a part of the role's; null: all of them."
    )
    expires_at: AwareDatetime | None = None


class Token(Model):
    """An API token, without what opens."""

    id: int
    name: str
    role: Role
    areas: list[str] | None
    scopes: list[str] | None
    account: str | None = Field(description="Who made it, and with whom it ends; null: the command line.")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None


class Tokens(Page):
    """A page of API tokens."""

    items: list[Token]


class TokenMade(Model):
    """A token that was made just now."""

    token: str = Field(description="Shown only now.")


class PasswordChange(Model):
    """One's own password."""

    current: str = Field(min_length=1, max_length=1024)
    new: Password


class CurrentPassword(Model):
    """One's own password, asked for again before something that a stolen session must not do."""

    current: str = Field(min_length=1, max_length=1024)


class Ended(Model):
    """What ended."""

    sessions_ended: int


class SecondFactor(Model):
    """A second factor that waits for its first code."""

    secret: str = Field(description="Base32, to type in.")
    address: str = Field(description="otpauth://, for a QR code.")


class SignIn(Model):
    """Name and password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)
    code: str | None = Field(default=None, max_length=20, description="Of the second factor, where there is one.")


class CodeGiven(Model):
    """A code of the authenticator app, or a recovery code."""

    code: str = Field(min_length=6, max_length=20)


class RecoveryCodes(Model):
    """Codes for the day the phone is gone, each for once; shown only now."""

    codes: list[str]
