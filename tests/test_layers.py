"""The house holds: imports point down, and each outside library has its few doors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "estimator", "data")

# Lowest first. A file may import its own layer and those below; the longest matching prefix counts.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("data",),
    ("estimator",),
    ("bot.rules",),
    (
        "bot.clock",
        "bot.settings",
        "bot.policy",
        "bot.store",
        "bot.cloud",
        "bot.slack",
        "bot.people",
        "bot.kinds",
        "bot.hub",
        "bot.parts",
        "bot.redact",
        "bot.charts",
        "bot.slack_scopes",
    ),
    (
        "bot.launch",
        "bot.instances",
        "bot.image",
        "bot.images",
        "bot.idle",
        "bot.outbox",
        "bot.ops",
        "bot.audit",
        "bot.schedule",
        "bot.schedules",
        "bot.replay",
        "bot.home",
        "bot.mute",
        "bot.pictures",
    ),
    ("handlers",),
    ("bot",),  # __main__, commands, wiring, server, socket, playground
)

# Each outside library, and the only files that may import it.
DOORS: dict[str, tuple[str, ...]] = {
    "boto3": ("bot.cloud", "bot.playground"),
    "botocore": ("bot.cloud", "bot.kinds", "bot.playground"),
    "slack_sdk": ("bot.slack", "bot.installs", "bot.server", "bot.socket", "bot.wiring", "handlers", "bot.playground"),
    "slack_bolt": (
        "bot.server",
        "bot.installs",
        "bot.workspaces",
        "bot.socket",
        "bot.wiring",
        "handlers",
        "bot.playground",
    ),
    "sqlite3": ("bot.store", "bot.commands.backup", "bot.commands.restore"),
    "sqlite_utils": ("bot.store",),
    "apscheduler": ("bot.schedule",),
    "moto": ("bot.playground",),
    "waitress": ("bot.server", "bot.playground"),
    "huggingface_hub": ("bot.hub",),
    "matplotlib": ("bot.charts",),
}


def files() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            if node.module not in ROOMS:  # `from bot import ops` names bot.ops, and not all of bot
                found.add(node.module)
    return found


def starts(name: str, prefix: str) -> bool:
    """bot.launch covers bot.launch, bot.launch.x and bot.launch_drive."""
    return name == prefix or name.startswith((prefix + ".", prefix + "_"))


def layer_of(name: str) -> int | None:
    matches = [(len(p), i) for i, layer in enumerate(LAYERS) for p in layer if starts(name, p)]
    return max(matches)[1] if matches else None


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = layer_of(name_of(path))
    assert here is not None
    type_only = _type_only(path)
    wrong = [name for name in imports_of(path) - type_only if (there := layer_of(name)) is not None and there > here]
    assert not wrong, f"{name_of(path)} imports from above: {wrong}"


def _type_only(path: Path) -> set[str]:
    """Imports under `if TYPE_CHECKING:`: names for the type checker, not dependencies."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    found |= {f"{inner.module}.{alias.name}" for alias in inner.names} | {inner.module}
    return found


@pytest.mark.parametrize("library", DOORS)
def test_each_outside_library_has_its_doors(library: str) -> None:
    wrong = [
        name_of(path)
        for path in files()
        if any(starts(name, library) for name in imports_of(path))
        and not any(starts(name_of(path), door) for door in DOORS[library])
    ]
    assert not wrong, f"{library} is imported outside its doors: {wrong}"


# The one clock, and doors whose library measures by the wall or by a monotonic clock of its own.
CLOCKS = ("bot.clock", "bot.socket", "bot.playground", "bot.ops", "bot.outbox")


def test_only_the_clock_asks_for_the_present() -> None:
    wrong = []
    for path in files():
        if any(starts(name_of(path), door) for door in CLOCKS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                call = f"{ast.unparse(node.func.value)}.{node.func.attr}"
                if call in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"):
                    wrong.append(f"{name_of(path)}:{node.lineno} {call}")
    assert not wrong, wrong


def test_the_estimator_does_no_input_or_output() -> None:
    banned = {"os", "pathlib", "socket", "urllib", "requests", "subprocess", "threading", "time", "io", "sys", "open"}
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in (ROOT / "estimator").rglob("*.py")
        for name in imports_of(path)
        if name.partition(".")[0] in banned
    ]
    assert not wrong, wrong


def test_no_function_is_longer_than_sixty_lines_and_no_file_much_over_three_hundred() -> None:
    long_functions, long_files = [], []
    for path in files():
        text = path.read_text()
        if text.count("\n") > 330:
            long_files.append(f"{name_of(path)} {text.count(chr(10))}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno + 1 > 60:
                long_functions.append(f"{name_of(path)}.{node.name}")
    assert not long_functions, long_functions
    assert not long_files, long_files


def test_only_the_playground_knows_of_the_playground() -> None:
    wrong = [
        name_of(path)
        for path in files()
        if not any(starts(name_of(path), door) for door in ("bot.playground", "bot.commands.playground"))
        and any(starts(name, "bot.playground") for name in imports_of(path))
    ]
    assert not wrong, wrong
