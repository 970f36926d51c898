"""Secrets come from files as well as from variables."""

from pathlib import Path

import pytest

from patrol.cli import errors
from patrol.settings import settings


def test_secret_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Passwords, tokens, keys and addresses with passwords; the line break of an editor is left out."""
    for name in ("admin_password", "api_token", "database_url"):
        file = tmp_path / name
        file.write_text(f"secret of {name}\n")
        monkeypatch.setenv(f"PATROL_{name.upper()}_FILE", str(file))
    loaded = settings.load()
    assert loaded.admin_password is not None
    assert loaded.api_token is not None
    assert loaded.admin_password.get_secret_value() == "secret of admin_password"
    assert loaded.api_token.get_secret_value() == "secret of api_token"
    assert loaded.database_url == "secret of database_url"
    assert "secret of admin" not in repr(loaded)


@pytest.mark.parametrize(
    ("content", "word"),
    [(None, "cannot be read"), (b"\n", "not hold"), (b"\xff", "cannot be read"), (b"x" * 70_000, "not hold")],
)
def test_file_without_a_secret_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, word: str
) -> None:
    """Missing, empty, not text, too long: one line that names the variable and shows nothing of the content."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("PATROL_API_TOKEN_FILE", str(file))
    with pytest.raises(errors.SetupError, match=f"^PATROL_API_TOKEN_FILE: .*{word}") as caught:
        settings.load()
    assert "xxx" not in str(caught.value)


def test_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody has to guess which of the two holds."""
    (tmp_path / "token").write_text("a")
    monkeypatch.setenv("PATROL_API_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("PATROL_API_TOKEN", "b")
    with pytest.raises(errors.SetupError, match="are both set"):
        settings.load()
