"""Plot of figures that have a bound: the share of the bound that is used, or how far it is exceeded."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench.figures import Figure


def draw(file: Path, title: str, figures: Sequence[Figure]) -> None:
    """Draw a bar for each figure that has a bound, in parts of the bound; right of 1 it holds.

    Args:
        file: PNG to write.
        title: the machine.
        figures: all of them.
    """
    mpl.use("agg")
    judged = [each for each in figures if each.held is not None][::-1]
    picture, axis = plt.subplots(figsize=(11, 1.6 + 0.42 * len(judged)), layout="constrained")
    picture.suptitle(title, fontsize=8, wrap=True)
    for y, each in enumerate(judged):
        axis.barh(y, each.margin, color="#41ab5d" if each.held else "#cb181d")
        axis.text(0.02, y, f"{each.value:,.3g} {each.unit}, {each.bound}", va="center", fontsize=8)
    axis.axvline(1, color="black", linewidth=1)
    axis.set_yticks(range(len(judged)), [f"{each.bench}: {each.name}" for each in judged], fontsize=8)
    axis.set_xlabel("how many times better than its bound; right of the line it holds")
    axis.set_xscale("symlog", linthresh=1)
    picture.savefig(file, dpi=110)
    plt.close(picture)
