"""The reference of settings: fresh, whole, and the same in the help."""

from importlib import metadata

from typer.testing import CliRunner

from patrol.cli import cli, settings_reference
from patrol.settings.settings import Settings


def test_page_is_fresh() -> None:
    """What is committed is what `make generated` writes."""
    assert settings_reference.PAGE.read_text(encoding="utf-8") == settings_reference.page()


def test_every_setting_is_described() -> None:
    """Each has a sentence, and no row speaks of it by the code's own name."""
    rows = list(settings_reference.rows())
    assert len(rows) == len(Settings.model_fields) > 40
    for row in rows:
        assert row.text.endswith("."), row.variable
        assert "|" not in row.text
        assert not any(name in row.text.split() for name in Settings.model_fields if "_" in name), row


def test_help_names_every_setting() -> None:
    """`patrol --help` lists the variables, as README says, with values and defaults."""
    said = CliRunner().invoke(cli.app, ["--help"]).output
    for name in Settings.model_fields:
        assert f"  PATROL_{name.upper()}" in said, name
    assert "[number from 1 to 65535; default 8000]" in said


def test_version_is_that_of_the_package() -> None:
    """`patrol --version` says which release it is."""
    assert CliRunner().invoke(cli.app, ["--version"]).output == f"patrolgrid {metadata.version('patrolgrid')}\n"
