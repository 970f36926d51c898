"""The faults: what is done to what, for how long, and how it is undone. Drawn from a seed, alone and in pairs."""

import asyncio
import contextlib
import errno
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults import silence
from bench.faults import stage as stages
from bench.faults.devices import Device
from bench.faults.proxy import Mood
from bench.faults.stage import Stage

Undo = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What faults act on."""

    stage: Stage
    devices: Sequence[Device]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of fault."""

    name: str
    target: str
    strike: Callable[[Scene], Awaitable[Undo]]
    loses_broker: bool = False
    """The broker loses what it has not written yet: its PUBACK is no promise then."""
    longest_s: float = 6.0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of a run: one kind, or two at nearly the same time."""

    number: int
    kinds: tuple[Kind, ...]
    after_s: float
    """Load before it."""
    last_s: tuple[float, ...]
    apart_s: float

    @property
    def name(self) -> str:
        """Name for people."""
        return " + ".join(kind.name for kind in self.kinds)

    @property
    def loses_broker(self) -> bool:
        """Whether the broker loses something."""
        return any(kind.loses_broker for kind in self.kinds)


async def strike(fault: Fault, scene: Scene) -> None:
    """Let it happen; returns when its causes are gone."""

    async def one(kind: Kind, after_s: float, last_s: float) -> None:
        await asyncio.sleep(after_s)
        undo = await kind.strike(scene)
        await asyncio.sleep(last_s)
        await undo()

    pairs = zip(fault.kinds, fault.last_s, strict=True)
    await asyncio.gather(*(one(kind, n * fault.apart_s, last) for n, (kind, last) in enumerate(pairs)))


def plan(count: int, seed: int, stage: Stage, only: str | None = None) -> list[Fault]:
    """Draw the faults of a run; two in five come in pairs, which strike different targets."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    kinds = [kind for kind in KINDS if possible(kind, stage) and (only is None or only in kind.name)]
    found, bag = [], list[Kind]()
    for number in range(1, count + 1):
        if not bag:  # every kind comes once before one comes twice
            bag = rng.sample(kinds, len(kinds))
        first = bag.pop()
        others = [kind for kind in kinds if kind.target != first.target]
        chosen = (first, rng.choice(others)) if others and rng.random() < 0.4 else (first,)
        found.append(
            Fault(
                number=number,
                kinds=chosen,
                after_s=rng.uniform(0.3, 2.0),
                last_s=tuple(rng.uniform(0.3, kind.longest_s) for kind in chosen),
                apart_s=rng.uniform(0.0, 2.0),
            )
        )
    return found


def chosen(number: int, *parts: tuple[str, float], apart_s: float = 0.5) -> Fault:
    """A fault of kinds by name, each with how long it lasts, s; the second begins `apart_s` after the first."""
    by_name = {kind.name: kind for kind in KINDS}
    return Fault(
        number=number,
        kinds=tuple(by_name[name] for name, _ in parts),
        after_s=0.5,
        last_s=tuple(last for _, last in parts),
        apart_s=apart_s,
    )


def possible(kind: Kind, stage: Stage) -> bool:
    """Whether this machine lets us do it: mount a small disk, drop packets, step a clock."""
    if kind.name.endswith("disk full"):
        return stage.small_disks
    if kind.name.endswith(Mood.DEAF):
        return silence.possible()
    return kind.target != "clock" or stages.FAKETIME is not None


def _part(name: str, number: signal.Signals) -> Callable[[Scene], Awaitable[Undo]]:
    """Signal the worker or the web process."""

    async def strike(scene: Scene) -> Undo:
        process = scene.stage.part(name)
        if process is not None:
            process.send_signal(number)

        async def undo() -> None:
            if process is not None and number is signal.SIGSTOP and process.is_running():
                process.send_signal(signal.SIGCONT)

        return undo

    return strike


def _broker(number: signal.Signals) -> Callable[[Scene], Awaitable[Undo]]:
    async def strike(scene: Scene) -> Undo:
        stage = scene.stage
        broker = stage.broker
        assert broker is not None
        stage.down.add("broker")
        broker.send_signal(number)
        if number is not signal.SIGSTOP:
            await asyncio.to_thread(broker.wait)

        async def undo() -> None:
            if number is signal.SIGSTOP:
                broker.send_signal(signal.SIGCONT)
            else:
                stage.start_broker()
            stage.down.discard("broker")

        return undo

    return strike


def _database(number: signal.Signals) -> Callable[[Scene], Awaitable[Undo]]:
    async def strike(scene: Scene) -> Undo:
        stage = scene.stage
        process = stage.database.process
        stage.down.add("database")
        if number is signal.SIGSTOP:
            stages.signal_all(process.pid, number)
        else:
            process.send_signal(number)
            await asyncio.to_thread(process.wait)

        async def undo() -> None:
            if number is signal.SIGSTOP:
                stages.signal_all(process.pid, signal.SIGCONT)
            else:
                await stage.start_database()
            stage.down.discard("database")

        return undo

    return strike


def _network(way: str, mood: Mood) -> Callable[[Scene], Awaitable[Undo]]:
    async def strike(scene: Scene) -> Undo:
        proxy = scene.stage.network[way]
        await proxy.be(mood)

        async def undo() -> None:
            await proxy.be(Mood.PASS)

        return undo

    return strike


def _full(name: str) -> Callable[[Scene], Awaitable[Undo]]:
    async def strike(scene: Scene) -> Undo:
        ballast = scene.stage.folder / name / "ballast"
        await asyncio.to_thread(_fill, ballast)

        async def undo() -> None:
            ballast.unlink(missing_ok=True)

        return undo

    return strike


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    _write(file.fileno(), size)


def _write(descriptor: int, size: int) -> None:
    if os.write(descriptor, bytes(size)) < size:
        raise OSError(errno.ENOSPC, "full")


def _clock(seconds: int) -> Callable[[Scene], Awaitable[Undo]]:
    """Step the clock of worker and web process."""

    async def strike(scene: Scene) -> Undo:
        scene.stage.clock_file.write_text(f"{seconds:+d}\n")

        async def undo() -> None:
            scene.stage.clock_file.write_text("+0\n")

        return undo

    return strike


@dataclass
class _Replay:
    """One device sends its outbox twice more."""

    turn: int = 0
    undo: Undo = field(init=False)

    async def __call__(self, scene: Scene) -> Undo:
        device = scene.devices[self.turn % len(scene.devices)]
        self.turn += 1
        device.replay()

        async def undo() -> None:
            return

        return undo


KINDS: tuple[Kind, ...] = (
    Kind(name="worker killed", target="worker", strike=_part("worker", signal.SIGKILL)),
    Kind(name="worker stopped", target="worker", strike=_part("worker", signal.SIGSTOP), longest_s=10),
    Kind(name="web killed", target="web", strike=_part("web", signal.SIGKILL)),
    Kind(name="web stopped", target="web", strike=_part("web", signal.SIGSTOP)),
    Kind(name="broker restarted", target="broker", strike=_broker(signal.SIGTERM)),
    Kind(name="broker killed", target="broker", strike=_broker(signal.SIGKILL), loses_broker=True),
    Kind(name="broker stopped", target="broker", strike=_broker(signal.SIGSTOP)),
    Kind(name="broker's disk full", target="broker", strike=_full("broker")),
    Kind(name="database restarted", target="database", strike=_database(signal.SIGINT)),
    Kind(name="database killed", target="database", strike=_database(signal.SIGKILL)),
    Kind(name="database stopped", target="database", strike=_database(signal.SIGSTOP)),
    Kind(name="database's disk full", target="database", strike=_full("database")),
    *(
        Kind(name=f"{way} {mood.value}", target=f"network {way}", strike=_network(way, mood))
        for way in ("devices", "server-broker", "server-database")
        for mood in (Mood.CUT, Mood.STALL, Mood.DEAF)
    ),
    Kind(name="clock an hour back", target="clock", strike=_clock(-3600)),
    Kind(name="clock ten minutes ahead", target="clock", strike=_clock(600)),
    Kind(name="outbox replayed twice", target="device", strike=_Replay()),
)
