"""What processes that are kept together share."""

from pathlib import Path

import pytest

from patrol.services import composition
from patrol.settings.settings import Settings


def shared(settings: Settings) -> Path:
    """Folder of the shared figures."""
    env = composition.environment(settings, database_url="postgresql://h/d", mqtt_url="mqtt://h")
    return Path(env["PROMETHEUS_MULTIPROC_DIR"])


def test_shared_figures_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for each data folder, for us alone, not on the disk of the data; emptied at each start."""
    monkeypatch.setattr(composition, "_MEMORY", tmp_path)
    first, second = Settings(data_dir=tmp_path / "a"), Settings(data_dir=tmp_path / "b")
    assert shared(first) != shared(second)
    composition.wipe_metrics(first)
    (shared(first) / "counter_1.db").touch()
    assert shared(first).parent == tmp_path
    assert shared(first).stat().st_mode & 0o777 == 0o700
    composition.wipe_metrics(first)
    assert list(shared(first).iterdir()) == []


def test_what_somebody_else_put_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, a file, or no such place: the figures are in the data folder then."""
    monkeypatch.setattr(composition, "_MEMORY", tmp_path)
    settings = Settings(data_dir=tmp_path / "data")
    ours = shared(settings)
    ours.symlink_to(tmp_path)
    assert shared(settings) == tmp_path / "data/metrics"
    ours.unlink()
    ours.touch()
    assert shared(settings) == tmp_path / "data/metrics"
    monkeypatch.setattr(composition, "_MEMORY", tmp_path / "nowhere")
    assert shared(settings) == tmp_path / "data/metrics"
