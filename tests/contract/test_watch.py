"""Alert rules, dashboard and scrape configuration: valid, of metrics that exist, each alert with what to do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import ingest.run.worker  # noqa: F401 - declares the metrics of a worker
import runtime.build  # noqa: F401 - declares that of both
import web.app  # noqa: F401 - declares the metrics of a web process
from tests.support import promql

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/rules/patrol.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/patrol.json"
OPERATE = (ROOT / "docs/operate.md").read_text()
OF_PROMETHEUS = {"up", "ALERTS"}
OF_SCRAPES = {"job", "instance", "le"}


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """All panels of the dashboard but its headings."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    """Every PromQL expression that is shipped."""
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def test_every_expression_is_promql_of_known_labels() -> None:
    """Each parses; of each metric that the code declares only labels are used that it has."""
    declared = REGISTRY._names_to_collectors
    selected = [pair for expression in expressions() for pair in promql.asked(expression)]
    assert len(selected) > 100
    known = [(name, labels) for name, labels in selected if promql.family(name) in declared or name in declared]
    assert len(known) > 80
    for name, labels in known:
        collector = declared.get(name) or declared[promql.family(name)]
        assert labels - OF_SCRAPES <= set(getattr(collector, "_labelnames", ())), (name, labels)


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    """A name of its own, a severity, a sentence in both languages, and a heading in docs/operate.md."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 20
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].isascii(), rule["alert"]
        assert re.search(r"[\u4e00-\u9fff]", rule["annotations"]["summary_zh"]), rule["alert"]
    described = re.findall(r"^\| `(Patrol\w+)` \|", OPERATE, re.MULTILINE)
    assert sorted(described) == sorted(names)


def test_every_metric_that_the_code_declares_is_described() -> None:
    """The table in docs/operate.md names each of our metrics, and none that is not there."""
    ours = {
        name
        for collector in set(REGISTRY._names_to_collectors.values())
        for name in REGISTRY._collector_to_names[collector][:1]
        if name.startswith("patrol_")
    }
    described = set(re.findall(r"^\| `(patrol_\w+?)(?:_total)?`", OPERATE, re.MULTILINE))
    missing = {name.removesuffix("_total") for name in ours} - described
    assert not missing, f"docs/operate.md does not tell of {sorted(missing)}"
    from_database = described - {name.removesuffix("_total") for name in ours}
    assert all(name in (ROOT / "web/health/gauges.py").read_text() for name in from_database if "_waiting" not in name
               and "_oldest_seconds" not in name), from_database  # fmt: skip


def test_every_metric_is_on_the_dashboard_or_in_a_rule() -> None:
    """Nothing is measured that nobody looks at."""
    looked_at = {promql.family(name).removesuffix("_total") for expr in expressions() for name, _ in promql.asked(expr)}
    described = set(re.findall(r"^\| `(patrol_\w+?)(?:_total)?`", OPERATE, re.MULTILINE))
    assert described - looked_at <= {"patrol_live_lane_head", "patrol_live_positions"}


def test_dashboard_fits_its_provisioning() -> None:
    """Panels have numbers and places of their own; the data source is the provisioned one."""
    board = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"][k] for k in "xywh") for panel in board["panels"]]
    for n, (x, y, w, h) in enumerate(places):
        assert x + w <= 24
        assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in places[:n])
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/patrol.yml").read_text())
    assert {panel["datasource"]["uid"] for panel in panels()} == {source["datasources"][0]["uid"]}


def test_prometheus_asks_the_services_of_the_compose_file() -> None:
    """Each scraped name is a service, at the port on which it gives its metrics."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    asked = {
        name: discovery["port"]
        for job in config["scrape_configs"]
        for discovery in job["dns_sd_configs"]
        for name in discovery["names"]
    }
    told = {name for name, service in services.items() if service.get("command") in (["worker"], ["web"])}
    assert asked.keys() == told
    for name in told:
        service, port = services[name], str(asked[name])
        assert service["environment"]["PATROL_HTTP_HOST"] == "0.0.0.0", name  # noqa: S104 - compared, not bound
        if service["command"] == ["worker"]:
            assert port == service["environment"]["PATROL_METRICS_PORT"]
        else:
            assert [mapping.rpartition(":")[2] for mapping in service["ports"]] == [port]
    jobs = {job["job_name"] for job in config["scrape_configs"]}
    for expression in expressions():
        for pattern in re.findall(r'job=~?"([^"]+)"', expression):
            assert any(re.fullmatch(pattern, job) for job in jobs), pattern


@pytest.mark.parametrize("wrong", ["rate(patrol_x_total[5m]", 'patrol_x{a="b"', "sum by patrol_x"])
def test_broken_expression_is_noticed(wrong: str) -> None:
    """The parser that judges them refuses what Prometheus would refuse."""
    with pytest.raises(ValueError, match=r"."):
        list(promql.asked(wrong))
