"""Reads what the documents name: links, paths, make targets, commands, settings, metrics, routes."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
_INDENTED = re.compile(r"^ {4,}(\S.*)$", re.MULTILINE)
_PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)+/?")
_COMMAND = re.compile(r"(?:^|[\s(]|bin/)patrol((?: +[^\s|>&;)]+)+)")
_ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/api/v1/[^\s`?|,;)]+)")


def pages(root: Path) -> list[Path]:
    """The pages in Markdown."""
    found = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("deploy/**/*.md")]
    return sorted(found)


def texts(root: Path) -> list[Path]:
    """The pages but the history of changes, and files whose comments say what to do."""
    more = (
        "docker-compose.yml",
        "deploy/env.example",
        "deploy/prometheus/prometheus.yml",
        "web/http/spa.py",
        "Makefile",
    )
    files = [page for page in pages(root) if page.name != "CHANGELOG.md"]
    return [*files, *(root / name for name in more), *sorted(root.glob("deploy/systemd/*"))]


def links(text: str) -> Iterator[str]:
    """Targets of links within the repository."""
    for target in _LINK.findall(_FENCE.sub("", text)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(text: str) -> set[str]:
    """Names of the headings as a browser of the repository makes them."""
    headings = re.findall(r"^#+ (.+?)\s*$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths(text: str, tops: Collection[str]) -> Iterator[str]:
    """What looks like a path below one of the folders `tops`."""
    for span in _SPAN.findall(text):
        for path in _PATH.findall(span):
            if path.split("/")[0] in tops and not path.endswith((".", "-")) and "://" not in span:
                yield re.sub(r"NNNN|NAME", "*", path)


def make_targets(text: str) -> Iterator[str]:
    """Targets of `make`, in code."""
    for code in _code(text):
        yield from re.findall(r"(?:^|[\s>])make (?!and )([a-z][a-z-]*[a-z])\b(?!=|-)", code)


def commands(text: str) -> Iterator[list[str]]:
    """Words behind `patrol`, in code."""
    for code in _code(text):
        for found in _COMMAND.findall(code.partition(" #")[0]):
            words = [word.strip("`\"'.,:[]") for word in found.partition("…")[0].split()]
            yield [word for word in words if word]


def variables(text: str) -> Iterator[str]:
    """Names of environment variables, whole."""
    yield from re.findall(r"\bPATROL_[A-Z][A-Z_]*[A-Z]\b(?!…)", text)


def metrics(text: str) -> Iterator[str]:
    """Names of metrics, in code."""
    for code in _SPAN.findall(text):
        yield from re.findall(r"(?<![\w/])patrol_[a-z_]+[a-z]\b(?!/|\.)", code)


def alerts(text: str) -> Iterator[str]:
    """Names of alert rules."""
    yield from re.findall(r"`(Patrol[A-Z]\w+)`", text)


def routes(text: str) -> Iterator[tuple[str, str]]:
    """Methods and paths of the API."""
    yield from ((method, path.rstrip(".:")) for method, path in _ROUTE.findall(text))


def shape(path: str) -> str:
    """A path whose parameters have no names."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _code(text: str) -> Iterator[str]:
    """Lines of blocks, then spans."""
    for block in _FENCE.findall(text):
        yield from block.splitlines()[1:-1]
    rest = _FENCE.sub("", text)
    yield from _INDENTED.findall(rest)
    yield from (span.replace("\n", " ") for span in _SPAN.findall(rest))
    yield from re.findall(r"<code>([^<]+)</code>", rest)
    yield from re.findall(r"^#\s{0,3}(\S.*)$", rest, re.MULTILINE)
