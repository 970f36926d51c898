"""How late it may be when somebody sets the clock."""

from dataclasses import dataclass

from ingest.run.clock import TRUSTED_MS, Latest

NOW = 1_790_000_000_000
HOUR = 3_600_000


@dataclass
class Machine:
    """A machine whose clock can be set."""

    uptime: int = 5_000
    off: int = 0

    def wall(self) -> int:
        """What its clock says."""
        return NOW + self.uptime + self.off

    def steady(self) -> int:
        """Since it was switched on."""
        return self.uptime


def latest(machine: Machine) -> Latest:
    """A reader of its clocks."""
    return Latest(machine.wall, machine.steady)


def test_a_clock_set_back_does_not_make_the_present_the_future() -> None:
    """Right devices go on being heard after a step of an hour, and after it is mended."""
    machine = Machine()
    late = latest(machine)
    assert late() == NOW + 5_000
    machine.off, machine.uptime = -HOUR, 65_000
    assert late() == NOW + 65_000
    machine.off, machine.uptime = 0, 90_000
    assert late() == NOW + 90_000


def test_a_clock_set_ahead_is_followed() -> None:
    """A machine that started with a wrong clock refuses nothing once it is right."""
    machine = Machine(off=-HOUR)
    late = latest(machine)
    assert late() == NOW + 5_000 - HOUR
    machine.off = 0
    assert late() == NOW + 5_000


def test_after_a_day_the_clock_is_believed() -> None:
    """What was ahead for a moment does not count for ever."""
    machine = Machine(off=HOUR)
    late = latest(machine)
    late()
    machine.off = 0
    machine.uptime += TRUSTED_MS
    assert late() == machine.wall() + HOUR
    machine.uptime += 1
    assert late() == machine.wall()


def test_another_clock_counts_when_it_is_later() -> None:
    """The database's time is taken where this machine is behind, and ignored where it is ahead."""
    machine = Machine()
    late = latest(machine)
    late.hear(NOW + 5_000 + HOUR)
    assert late() == NOW + 5_000 + HOUR
    late.hear(NOW)
    assert late() == NOW + 5_000 + HOUR
