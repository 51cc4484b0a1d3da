"""The ``inspect`` agent: reads a Python source tree and reports what is in it."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline_runtime.engine import AgentRegistry, Run
from trunkline_runtime.errors import RequestRefused
from trunkline_runtime.inspection.files import FileListing, FileWalk, shown_path
from trunkline_runtime.inspection.inventory import Inventory
from trunkline_runtime.inspection.processes import ParserPool
from trunkline_runtime.inspection.source import SourceFacts

__all__ = ["InspectionLimits", "inspection_agents", "register_inspection"]

_WALK_STEP: Final = 5000  # entries between two looks at whether the run was cancelled
_DETAILED: Final = 10  # files that are parsed by a call each, so that the user sees the work
_ADDED_AT_ONCE: Final = 50  # files that are added up before others have their turn
_BATCHES: Final = 20  # calls for all other files, however many they are


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionLimits:
    """What one inspection may take.

    Attributes:
        files: Source files that are looked at.
        entries: Directory entries that are looked at.
        seconds: Seconds it reads, or four fifths of what the run has left, if that is less: a
            report of a part is worth more than a timeout. The rest is reported as not looked at.
        report_bytes: Bytes of JSON the report may take.

    Raises:
        ValueError: A limit is not positive.
    """

    files: int = 20_000
    entries: int = 500_000
    seconds: float = 20.0
    report_bytes: int = 128 * 1024

    def __post_init__(self) -> None:
        if min(self.files, self.entries, self.seconds, self.report_bytes) <= 0:
            raise ValueError("InspectionLimits: every limit must be positive")


DEFAULT_LIMITS: Final = InspectionLimits()


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(min_length=1, max_length=4096)


class _Tools:
    """The tools of an inspection: list, parse one, summarise, and parse many at once."""

    def __init__(self, parsers: ParserPool, limits: InspectionLimits) -> None:
        self._parsers = parsers
        self._limits = limits

    async def list_files(self, path: Path) -> FileListing:
        """List the Python source files below a directory."""
        walk = FileWalk(path, self._limits.files, self._limits.entries)
        while await asyncio.to_thread(walk.advance, _WALK_STEP):
            pass
        return walk.listing

    async def parse_file(self, path: Path) -> SourceFacts:
        """Parse one source file."""
        return await self._parsers.parse(str(path))

    async def parse_files(self, paths: Sequence[Path], seconds: float) -> list[SourceFacts]:
        """Parse source files in their order, as many as the time allows."""
        clock = asyncio.get_running_loop().time
        ends = clock() + seconds
        found: dict[int, SourceFacts] = {}
        waiting = iter(enumerate(paths))

        async def work() -> None:
            while clock() < ends and (following := next(waiting, None)) is not None:
                index, path = following
                found[index] = await self._parsers.parse(str(path))

        async with asyncio.TaskGroup() as group:
            for _ in range(self._parsers.processes):
                group.create_task(work())
        return [found[index] for index in sorted(found)]

    def summarise(self, inventory: Inventory, stopped: str | None) -> dict[str, Any]:
        """Report what was found, the largest and most frequent first."""
        return inventory.report(stopped, self._limits.report_bytes)


class _Inspection:
    """One run of the agent."""

    def __init__(self, run: Run, root: Path, limits: InspectionLimits) -> None:
        self._run = run
        self._root = root
        self._inventory = Inventory(str(root))
        self._seconds = min(limits.seconds, 0.8 * run.seconds_left)
        self._ends = asyncio.get_running_loop().time() + self._seconds
        self._limits = limits

    async def perform(self) -> Any:
        """List, parse and summarise."""
        run = self._run
        await run.thinking(f"Looking for Python sources in {shown_path(str(self._root))}", 1, 0.0)
        listing: FileListing = await run.call_tool("list_files", path=self._root)
        self._inventory.list_files(listing)
        total = len(listing.paths)
        await run.thinking(f"Reading {total} files without running any", 2, 0.0)
        detailed, rest = listing.paths[:_DETAILED], listing.paths[_DETAILED:]
        await self._read_each(detailed)
        if detailed:
            await self._tell(total)
        size = -(-len(rest) // _BATCHES) or 1
        for start in range(0, len(rest), size):
            if self._seconds_left() <= 0:
                break
            await self._read_batch(rest[start : start + size])
            await self._tell(total)
        await run.thinking("Summing up what was found", 3, 1.0)
        return await run.call_tool(
            "summarise", inventory=self._inventory, stopped=self._stopped(listing)
        )

    async def _read_each(self, paths: Sequence[str]) -> None:
        for path in paths:
            if self._seconds_left() <= 0:
                return
            facts = await self._run.call_tool("parse_file", path=self._root / path)
            self._inventory.add(path, facts)

    async def _read_batch(self, paths: Sequence[str]) -> None:
        found = await self._run.call_tool(
            "parse_files",
            paths=[self._root / path for path in paths],
            seconds=self._seconds_left(),
        )
        # Fewer facts than paths, if the time has run out.
        for count, (path, facts) in enumerate(zip(paths, found, strict=False), 1):
            self._inventory.add(path, facts)
            if not count % _ADDED_AT_ONCE:
                await asyncio.sleep(0)

    async def _tell(self, total: int) -> None:
        done = self._inventory.files
        await self._run.progress(
            message=f"read {done} of {total} files",
            files=done,
            total=total,
            unreadable=self._inventory.unreadable,
            progress=round(done / total, 3),
        )

    def _seconds_left(self) -> float:
        return self._ends - asyncio.get_running_loop().time()

    def _stopped(self, listing: FileListing) -> str | None:
        if self._inventory.files < len(listing.paths):
            return f"after {self._seconds:.3g} seconds"
        if not listing.complete:
            return (
                f"at the limit of {self._limits.files:,} files or {self._limits.entries:,} entries"
            )
        return None


def register_inspection(
    agents: AgentRegistry,
    parsers: ParserPool | None = None,
    limits: InspectionLimits = DEFAULT_LIMITS,
) -> None:
    """Register the agent ``inspect`` and its tools.

    Its input is ``{"path": directory}``. Nothing it reads is ever imported or run.

    Args:
        agents: Where to register them.
        parsers: The parser processes that all inspections share; two of their own unless given.
        limits: What one inspection may take.
    """
    parsers = parsers if parsers is not None else ParserPool()
    tools = _Tools(parsers, limits)
    agents.register_tool("list_files", tools.list_files, show=_shown_listing)
    agents.register_tool("parse_file", tools.parse_file, show=_shown_facts)
    agents.register_tool("parse_files", tools.parse_files, show=_shown_batch)
    agents.register_tool("summarise", tools.summarise, blocking=True, show=_shown_report)

    async def inspect(run: Run, given: Mapping[str, Any]) -> Any:
        """Report what is in a Python source tree: modules, classes, functions, imports, faults."""
        root = await asyncio.to_thread(_checked_root, given)
        async with parsers.open():
            return await _Inspection(run, root, limits).perform()

    agents.register("inspect", inspect)


def inspection_agents(
    parsers: ParserPool | None = None, limits: InspectionLimits = DEFAULT_LIMITS
) -> AgentRegistry:
    """Return a registry with the agent ``inspect``; see ``register_inspection``.

    Args:
        parsers: The parser processes that all inspections share.
        limits: What one inspection may take.
    """
    agents = AgentRegistry()
    register_inspection(agents, parsers, limits)
    return agents


def _checked_root(given: Mapping[str, Any]) -> Path:
    """Return the directory that the input names.

    Raises:
        RequestRefused: The input names none. The client may see all of it.
    """
    try:
        path = _Input.model_validate(dict(given)).path
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise RequestRefused(
            "invalid_input",
            f'inspect takes {{"path": directory}}: {problems}',
            about="input",
        ) from None
    shown = shown_path(path)
    try:
        root = Path(os.path.realpath(path, strict=True))
        is_directory = root.is_dir()
    except FileNotFoundError:
        raise _refusal(f"There is no directory {shown}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise _refusal(f"The directory {shown} cannot be read: {reason}") from None
    if not is_directory:
        raise _refusal(f"{shown} is no directory")
    return root


def _refusal(message: str) -> RequestRefused:
    return RequestRefused("invalid_path", f"{message}. Name a directory of the server.", "path")


def _shown_listing(listing: FileListing) -> dict[str, Any]:
    return {
        "files": len(listing.paths),
        "complete": listing.complete,
        "links_not_followed": listing.links,
        "directories_skipped": listing.skipped,
        "directories_unreadable": listing.unreadable_total,
    }


def _shown_facts(facts: SourceFacts) -> dict[str, Any]:
    if facts["problem"] is not None:
        return {"problem": facts["problem"], "detail": facts["detail"]}
    return {
        "lines": facts["lines"],
        "classes": facts["class_total"],
        "functions": facts["function_total"],
        "imports": len(facts["imports"]),
    }


def _shown_batch(found: Sequence[SourceFacts]) -> dict[str, Any]:
    return {
        "files": len(found),
        "unreadable": sum(facts["problem"] is not None for facts in found),
    }


def _shown_report(report: Mapping[str, Any]) -> Any:
    return report["totals"]
