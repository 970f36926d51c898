"""The product under load while its parts are killed, stopped, cut off and filled: what was promised is kept.

A short set of what `make bench-faults` does at length. All through it devices send what nobody can read, one
of them is hostile, a viewer never reads, another resumes after each loss, and remarks are written on alerts.
"""

import asyncio
import os
from collections.abc import Sequence

import pytest

from bench import bench_faults
from bench.faults import kinds, run, verdict
from bench.faults.kinds import Fault, chosen
from bench.faults.stage import Stage
from tests.support import missing, mosquitto, waiting

pytestmark = pytest.mark.long

POWER_CUT = chosen(4, ("server-broker cut", 4.0), ("broker killed", 1.0), apart_s=2.0)
"""The broker dies with fixes that it has acknowledged and that no worker could fetch."""
DISK = chosen(7, ("database's disk full", 3.0), ("web stopped", 2.0))
FAULTS = (
    chosen(1, ("worker killed", 0.5), ("devices cut", 1.0)),
    chosen(2, ("database killed", 1.0)),
    chosen(3, ("broker restarted", 1.0), ("web killed", 0.5)),
    POWER_CUT,
    chosen(5, ("server-database stall", 2.0), ("outbox replayed twice", 0.1)),
    chosen(6, ("clock an hour back", 2.0), ("server-broker cut", 1.0)),
    DISK,
)


def plan(stage: Stage) -> Sequence[Fault]:
    """All of them; that of the disk only where this machine lets us mount one, which CI must."""
    possible = [fault for fault in FAULTS if all(kinds.possible(kind, stage) for kind in fault.kinds)]
    barred = [fault.name for fault in FAULTS if fault not in possible and (missing.CI or fault is not DISK)]
    if barred:
        missing.missing(f"what {', '.join(barred)} needs", "run as root, and: sudo apt-get install faketime")
    return possible


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> run.Result:
    """The run, once for all tests; its logs are kept below pytest's folder."""
    mosquitto.program("mosquitto")  # or say how to get it
    os.environ.setdefault("PATROL_FAULTS_LOGS", str(tmp_path_factory.mktemp("fault-logs")))
    return asyncio.run(run.run(plan, 1, lambda _fault, _outcome: None))


def test_nothing_acknowledged_is_lost_or_doubled(struck: run.Result) -> None:
    """Fixes, counts, calls for help, steps of alerts, notifications, stays: all that the suite compares."""
    assert [bench_faults.slow(each) for each in struck.outcomes if each.recovered_s is None] == []
    missed = [line for line in bench_faults.misses(struck) if not line.startswith("fault ")]
    assert missed == []
    assert struck.verdict.promised > 500
    assert struck.verdict.calls > 0
    assert struck.verdict.steps > struck.verdict.calls  # each call has its alert, and remarks were written


def test_all_recover_by_themselves(struck: run.Result) -> None:
    """Within half a minute after the cause is gone, on a machine that has time for it."""
    most = verdict.WITHIN_S * waiting.PATIENCE
    late = [each for each in struck.outcomes if each.recovered_s is None or each.recovered_s > most]
    assert [bench_faults.slow(each) for each in late] == []


def test_ack_closes_what_a_broker_loses_in_a_power_cut(struck: run.Result) -> None:
    """A killed broker forgets what it had acknowledged and not written; devices that wait for `ack` lose nothing."""
    cut = next(outcome for outcome in struck.outcomes if outcome.number == POWER_CUT.number)
    assert cut.lost_by_broker > 0  # or nothing was put to the test
    assert struck.verdict.lost == []  # all that `ack` named, and all that went to a broker that lived


def test_viewer_that_resumes_gets_each_item_once(struck: run.Result) -> None:
    """Through killed and stopped web processes, nothing of the event log came twice."""
    assert struck.shown > 0
    assert struck.shown_twice == []


def test_a_hostile_device_harms_nobody(struck: run.Result) -> None:
    """With the client ids of others, floods, retained poison and half-open connections it reached nothing of theirs."""
    assert set(struck.hostile) == {
        "foreign_id", "listens_to_all", "speaks_for_others", "floods", "retains", "half_opens",
    }  # fmt: skip
    assert struck.verdict.forged == 0
    assert struck.overheard == []


def test_a_full_disk_is_among_the_faults(struck: run.Result) -> None:
    """It needs the right to mount a small file system; all the others struck, too, each once."""
    struck_at = [outcome.number for outcome in struck.outcomes]
    if DISK.number not in struck_at:
        missing.missing("the right to mount a small disk", "run the tests as root, or in a container that may")
    assert struck_at == [fault.number for fault in FAULTS]
