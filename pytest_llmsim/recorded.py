"""Recordings of tests: where each lies, what it is asked for, and what is told of it at the end.

A test has one file, in a folder beside its module, so that workers never write the same one. What
must not be here: how answers are recorded and served (`fakeservers.recording`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .registered import PROVIDERS
from .report import carried
from .settings import MARKED, Settings, is_option_or_variable, marked, settings_of
from .stash import FAKES

if TYPE_CHECKING:
    from fakeservers import FakeServers
    from fakeservers.recording import Recording

__all__ = [
    "add_drift",
    "drift_problems",
    "end_recording",
    "recording_of",
    "resolved",
    "write_drift",
]

NAME_CHARS_MAX = 100
DRIFT_SHOWN_MAX = 20


def resolved(item: pytest.Item, settings: Settings) -> Settings:
    """The settings with the mode that each provider comes to: whether a recording asks anybody
    depends on `record`, and for `once` on whether there is a file."""
    asks: dict[str, Any] = {}
    for name in PROVIDERS:
        mode = settings.mode_of(name)
        if mode not in ("record", "replay"):
            continue
        record = settings.record_of(name)
        keeps = record == "none" or (record == "once" and _file(item, settings).exists())
        asks[name] = "replay" if keeps else "record"
    said_by = {name: settings.why_mode(name) for name in asks}
    return replace(settings, **asks, said_by={**settings.said_by, **said_by})


def recording_of(
    item: pytest.Item, settings: Settings, upstreams: Mapping[str, str], reals: Mapping[str, str]
) -> "Recording | None":
    """The recording of a test whose settings are resolved; None where no provider has one."""
    records = {
        name: settings.record_of(name) if settings.mode_of(name) == "record" else "none"
        for name in PROVIDERS
        if settings.mode_of(name) in ("record", "replay")
    }
    if not records:
        return None
    from fakeservers import ScriptError
    from fakeservers.recording import Recording

    try:
        return Recording(
            _file(item, settings),
            records,
            upstreams={name: url for name, url in upstreams.items() if name in records},
            reals=reals,
            time_scale=settings.time_scale,
            ignored=settings.ignored,
            again=_again(item, settings, next(iter(records))),
        )
    except ScriptError as problem:
        raise pytest.UsageError(f"llmsim: {problem}") from None


def end_recording(servers: "FakeServers", *, passed: bool) -> None:
    """A test has asked all that it asks, or failed before."""
    if servers.recording is not None:
        servers.recording.end(whole=passed)


def _file(item: pytest.Item, settings: Settings) -> Path:
    """The file of a test: `recordings/test_module/test_name.toml` beside its module."""
    names = ".".join(item.nodeid.split("::")[1:]) or item.name
    plain = re.sub(r"[^\w.\[\]-]", "-", names)
    if plain != names or len(plain) > NAME_CHARS_MAX:
        digest = blake2b(names.encode("utf-8", "replace"), digest_size=4).hexdigest()
        plain = f"{plain[:NAME_CHARS_MAX]}-{digest}"
    return item.path.parent / settings.recordings / item.path.stem / f"{plain}.toml"


def _again(item: pytest.Item, settings: Settings, provider: str) -> str:
    """The line that records a test anew. An option does not beat a marker, but `record` makes
    of any replay a recording."""
    said = settings.why_mode(provider)
    if said == MARKED or not is_option_or_variable(said):
        option = "--llmsim-record=new"
    elif provider.upper() in said.upper():
        option = f"--llmsim-{provider}=record"
    else:
        option = "--llmsim-mode=record"
    return f"pytest {option} '{item.nodeid}'"


# --- drift ---


def drift_problems(item: pytest.Item) -> list[str]:
    """What a test fails with where drift is an error."""
    found = _drift(item)
    if not found or marked(item, settings_of(item.config)).drift != "error":
        return []
    listed = "\n".join(f"{what}\n{differences}" for what, differences in found)
    return [
        f"llmsim: recorded answers have another shape than the fakes' own:\n{listed}\n"
        f'Record them anew, or allow it with llmsim_drift = "warn".'
    ]


def add_drift(item: pytest.Item, report: pytest.TestReport) -> None:
    """Let a test's report carry its drift, and how many recorded answers there were."""
    if found := _drift(item):
        report.__dict__["llmsim_drift"] = found


def write_drift(terminal: "pytest.TerminalReporter") -> None:
    """Write where recorded answers and fakes have grown apart, each difference once."""
    if settings_of(terminal.config).drift == "off":
        return
    seen: dict[str, list[str]] = {}
    for nodeid, found in carried(terminal, "llmsim_drift"):
        for what, differences in found:
            seen.setdefault(differences, []).append(f"{what}, in {nodeid}")
    if not seen:
        return
    terminal.write_sep("-", "llmsim: drift between recorded answers and fakes", yellow=True)
    for differences, where in list(seen.items())[:DRIFT_SHOWN_MAX]:
        more = f" and {len(where) - 1} more" if len(where) > 1 else ""
        terminal.write_line(f"{where[0]}{more}\n{differences}")
    if len(seen) > DRIFT_SHOWN_MAX:
        terminal.write_line(f"and {len(seen) - DRIFT_SHOWN_MAX} more")


def _drift(item: pytest.Item) -> list[tuple[str, str]]:
    """What was asked and where its answer stands, and how that differs from the fake's own."""
    servers = item.stash.get(FAKES, None)
    if servers is None or servers.recording is None:
        return []
    if marked(item, settings_of(item.config)).drift == "off":
        return []
    return [found.in_words for found in servers.recording.drift(servers._fakes)]
