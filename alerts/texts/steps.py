"""The steps of an alert as sentences in Chinese and English. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import UNSET, structs

from alerts.life.model import SYSTEM, Step
from alerts.life.step_facts import StepFacts
from alerts.texts.catalogue import LEVELS, STEPS, Pair
from alerts.texts.form import filled


def step_sentences(step: str, level: str, actor: str, facts: StepFacts, *, at: datetime, zone: ZoneInfo) -> Pair:
    """Describe a step.

    Args:
        step: the step.
        level: level of the alert after it.
        actor: its actor.
        facts: facts of the step.
        at: its time.
        zone: the city's time zone.

    Returns:
        The Chinese and the English sentence, each beginning with the time on the city's wall clock.
    """

    def day(text: str) -> str:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%m-%d %H:%M")

    if facts.device is UNSET:
        facts = structs.replace(facts, device=actor)
    extra = {"actor": (actor, actor), "level": LEVELS[level]}
    if step == Step.ESCALATED:
        number = "" if facts.escalation is UNSET else str(facts.escalation + 1)
        to = "step.escalated.to" if facts.to else "step.escalated.nobody"
        extra["said"] = filled([STEPS[to]], facts, day, {"number": (number, number)})
    zh, en = filled([STEPS.get(part, (step, step)) for part in _parts(step, actor, facts)], facts, day, extra)
    clock = at.astimezone(zone).strftime("%m-%d %H:%M:%S")
    return f"{clock} {zh}", f"{clock} {en}"


def _parts(step: str, actor: str, facts: StepFacts) -> list[str]:
    """Sentences of the step."""
    if step == Step.ESCALATED:
        return ["step.escalated.system" if actor == SYSTEM else "step.escalated.person"]
    if step == Step.REFUSED and facts.reason:
        return ["step.refused", "step.refused.why"]
    late = f"step.expired.{facts.reason}"
    if step == Step.EXPIRED and late in STEPS:
        return [late]
    return [f"step.{step}"]
