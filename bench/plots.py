"""Plot of the figures of bench_accuracy."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from bench import score

TARGET = 0.99
DWELL_TARGET_S = 15.0


def draw(file: Path, title: str, scores: Mapping[str, Sequence[score.Score]]) -> None:
    """Draw wrong and missed visits and the error of the dwell, a row for each mix, a dot for each seed.

    Args:
        file: PNG to write.
        title: what was measured.
        scores: by mix, one for each seed.
    """
    mpl.use("agg")
    names = list(scores)[::-1]
    figure, axes = plt.subplots(1, 3, figsize=(14, 1.8 + 0.38 * len(names)), sharey=True, layout="constrained")
    figure.suptitle(title)
    for axis, (head, rate) in zip(
        axes, (("wrong visits, %", "precision"), ("missed visits, %", "recall")), strict=False
    ):
        for y, name in enumerate(names):
            missed = [100 * (1 - getattr(each, rate)) for each in scores[name]]
            axis.barh(y, 100 * (1 - getattr(score.total(scores[name]), rate)), color="#9ecae1")
            axis.plot(missed, [y] * len(missed), ".", color="#08519c")
        axis.axvline(100 * (1 - TARGET), color="#cb181d", linewidth=1)
        axis.set_xlim(0, 5)
        axis.set_xlabel(f"{head} (red: target; bars go on beyond 5)")
    for y, name in enumerate(names):
        errors = score.total(scores[name]).dwell_errors_s
        if errors:
            low, median, high = np.percentile(errors, [10, 50, 90])
            axes[2].plot([low, high], [y, y], color="#9ecae1", linewidth=6, solid_capstyle="butt")
            axes[2].plot([median], [y], "o", color="#08519c")
    axes[2].axvline(DWELL_TARGET_S, color="#cb181d", linewidth=1)
    axes[2].set_xlim(0, 30)
    axes[2].set_xlabel("error of the dwell, s: median, 10 to 90 %")
    axes[0].set_yticks(range(len(names)), names)
    figure.savefig(file, dpi=110)
    plt.close(figure)
