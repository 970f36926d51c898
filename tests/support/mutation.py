"""Runs mutmut over the rules that pyproject.toml names, and prints the score of each module and what survived.

A mutant is a copy of the code with one mistake put in. It is killed when a test fails, and survives when none does.
"""

import subprocess
import sys
from collections import Counter, defaultdict

from rich.console import Console
from rich.table import Table

CAUGHT = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
"""Ends of a mutant that somebody would notice."""
UNJUDGED = {"not checked", "skipped"}


def main() -> None:
    """Test the mutants named on the command line, or all; then tell of all that were tested so far."""
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", "1", *sys.argv[1:]], check=True)
    told = subprocess.run([*mutmut, "results", "--all", "true"], capture_output=True, text=True, check=True).stdout
    report(told, Console(width=120))


def report(told: str, console: Console) -> None:
    """Print the score of each module, and the names of the mutants that survived."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    survivors = []
    for line in told.splitlines():
        name, _, end = line.strip().partition(": ")
        if not end or end in UNJUDGED:
            continue
        ends[name.rpartition(".")[0]][end] += 1
        if end not in CAUGHT:
            survivors.append(f"{name}: {end}")
    table = Table("module", "mutants", "killed", "score", title="Mistakes that a test notices")
    for module, count in sorted(ends.items()):
        killed = sum(count[end] for end in CAUGHT)
        table.add_row(module, str(count.total()), str(killed), f"{killed / count.total():.0%}")
    console.print(table)
    console.print("\n".join(survivors), "\n`.venv/bin/mutmut show NAME` shows one; it is in mutants/.")


if __name__ == "__main__":
    main()
