"""Secrets of an installation in files."""

import concurrent.futures
from pathlib import Path

import pytest

from patrol.cli import errors
from patrol.settings import device_key, key_files, settings


def test_key_is_made_once_whoever_is_first(tmp_path: Path) -> None:
    """Worker and web process start together: both have the same whole key, which only its owner reads."""
    given = settings.Settings(data_dir=tmp_path / "data")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: key_files.secrets_key(given), range(64)))
    assert len(keys) == 1
    file = tmp_path / "data" / "secrets.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secrets.key"]
    other = settings.Settings(data_dir=tmp_path, secrets_key_file=tmp_path / "elsewhere" / "key")
    assert key_files.secrets_key(other) not in keys
    assert (tmp_path / "elsewhere" / "key").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40, b"\n"])
def test_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    """Torn or garbage: one line that says what to do, and the file stays as it is."""
    for name, read in (("secrets.key", key_files.secrets_key), ("device.key", device_key.device_key)):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(errors.SetupError, match=name):
            read(settings.Settings(data_dir=tmp_path))
        assert file.read_bytes() == content
