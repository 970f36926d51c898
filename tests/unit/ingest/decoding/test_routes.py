"""What a topic says is remembered, within bounds."""

from ingest.decoding.routes import Routes
from schemas import topics
from schemas.refusals import Refusal


def test_what_is_remembered_of_topics_is_bounded() -> None:
    """Whoever invents topics fills no memory: past the bound it begins anew, and long ones are not kept."""
    routes = Routes(most=3)
    named = [f"patrol/v1/team-1/cam-{n}/fix" for n in range(10)] + [f"owntracks/team-1/cam-1/{'x' * 200}"]
    for topic in named * 2:
        assert routes.of(topic).unit == "team-1"
        assert len(routes) <= 3
    assert named[-1] not in routes


def test_a_topic_says_unit_device_and_kind_or_what_is_wrong() -> None:
    """The second answer is the first one."""
    routes = Routes()
    assert routes.of("patrol/v1/team-1/cam-1/event")[:3] == ("team-1", "cam-1", topics.TopicKind.EVENT)
    assert routes.of("patrol/v1/team-1/cam-1/event") is routes.of("patrol/v1/team-1/cam-1/event")
    for topic, reason in (("patrol/v1/team-1", Refusal.BAD_TOPIC), ("patrol/v1/u/d/other", Refusal.UNKNOWN_KIND)):
        fault = routes.of(topic).fault
        assert fault is not None
        assert fault[0] is reason
