"""`python -m patrol` is `patrol`."""

from patrol.cli import cli

cli.main()
