"""docs/backup.md shows no block that no test runs."""

from tests.integration.patrol.test_backup import BLOCKS, DOCS


def test_page_runs_every_block_that_it_shows() -> None:
    """No bash block of the page is left untested."""
    assert set(BLOCKS) == {"base", "expire", "restore", "after", "dump", "undump", "undump-timescale"}
    assert DOCS.count("```bash") == len(BLOCKS)
