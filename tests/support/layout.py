"""How the code is laid out, as import-linter holds it: packages, their modules, and the folders of rules."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HELD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES: tuple[str, ...] = tuple(_HELD["root_packages"])


def modules(*packages: str) -> list[Path]:
    """Modules of packages, below the root."""
    files = (file for name in packages for file in (ROOT / name).rglob("*.py"))
    return sorted(file.relative_to(ROOT) for file in files if "node_modules" not in file.parts)


def rules() -> list[str]:
    """Folders that are held to be pure, as packages."""
    (contract,) = (each for each in _HELD["contracts"] if each["name"] == "Rules are pure")
    return sorted(contract["source_modules"])
