"""Settings from the environment and the command line."""

import traceback
from pathlib import Path

import pytest

from patrol.cli import errors
from patrol.settings import settings


def test_load_reads_the_environment_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option of the command line is stronger than the variable of the same name; one not given changes nothing."""
    monkeypatch.setenv("PATROL_HTTP_PORT", "8100")
    monkeypatch.setenv("PATROL_MQTT_PORT", "1884")
    loaded = settings.load({"http_port": 8200, "mqtt_port": None, "data_dir": Path("d")})
    assert (loaded.http_port, loaded.mqtt_port, loaded.data_dir) == (8200, 1884, Path("d"))


def test_load_of_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable set to nothing, as compose files do, counts as not set."""
    monkeypatch.setenv("PATROL_DATABASE_URL", "")
    assert settings.load().database_url is None


@pytest.mark.parametrize(
    ("variable", "value"), [("PATROL_HTTP_PORT", "eighty"), ("PATROL_METRICS_PORT", "0"), ("PATROL_WORKER_ID", "a b")]
)
def test_load_of_a_wrong_variable_names_it(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """A value that cannot be is one line that names its variable."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(errors.SetupError, match=rf"^{variable}: .*{value}.*\.$"):
        settings.load()


def test_a_worker_is_not_named_like_a_session_of_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker would take the one for the other; a machine of such a name gets another."""
    with pytest.raises(errors.SetupError, match=r"^--worker-id: .*unit-"):
        settings.load({"worker_id": "unit-7"})
    monkeypatch.setattr("socket.gethostname", lambda: "unit-7")
    assert settings.load({"worker_id": "@host"}).worker_name == "host-unit-7"


def test_load_of_a_wrong_option_names_it() -> None:
    """A value of the command line is named by its option."""
    with pytest.raises(errors.SetupError, match=r"^--http-port: "):
        settings.load({"http_port": 70_000})


def test_load_never_shows_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither password nor token stands in what the settings print as."""
    monkeypatch.setenv("PATROL_ADMIN_PASSWORD", "hidden-1")
    monkeypatch.setenv("PATROL_API_TOKEN", "hidden-2")
    monkeypatch.setenv("PATROL_DATABASE_URL", "postgresql://u:hidden-3@h/d")
    monkeypatch.setenv("PATROL_MQTT_URL", "mqtt://u:hidden-4@h")
    assert "hidden" not in repr(settings.load())


@pytest.mark.parametrize("from_file", [False, True])
@pytest.mark.parametrize("name", settings.SECRETS)
def test_load_never_shows_a_secret_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, *, from_file: bool
) -> None:
    """A secret too short, or no secret at all, is named and not shown: neither in the line nor behind it."""
    wrong = "hidden"
    monkeypatch.setenv(f"PATROL_{name.upper()}", wrong)
    if from_file:
        monkeypatch.delenv(f"PATROL_{name.upper()}")
        (tmp_path / "secret").write_text(wrong)
        monkeypatch.setenv(f"PATROL_{name.upper()}_FILE", str(tmp_path / "secret"))
    try:
        said = repr(settings.load())
    except errors.SetupError as fault:
        said = "".join(traceback.format_exception(fault))
        assert name.upper() in said or name.replace("_", "-") in said
    assert "hidden" not in said


@pytest.mark.parametrize(("units", "listed"), [("+", ("+",)), ("a, b", ("a", "b")), (" ", ("+",))])
def test_unit_list_splits_at_commas(units: str, listed: tuple[str, ...]) -> None:
    """Units are separated by commas; none at all is all."""
    assert settings.load({"units": units}).unit_list == listed


def test_broker_url_without_one_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address, the broker is the one on this machine at the MQTT port."""
    monkeypatch.delenv("PATROL_MQTT_URL", raising=False)
    assert settings.load({"mqtt_port": 18_831}).broker_url == "mqtt://127.0.0.1:18831"
