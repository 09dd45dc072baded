"""What goes wrong in a simulated world, and the words for it: who waits, and at which line."""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from ..errors import LlmsimError

__all__ = [
    "DeadlockError",
    "LivelockError",
    "RealNetworkError",
    "SimulationError",
    "ThreadStuckError",
    "running_threads",
    "waiting_tasks",
]

TASKS_SHOWN_MAX = 20
AWAITS_FOLLOWED_MAX = 200
STANDARD = os.path.dirname(os.path.dirname(asyncio.__file__))
LIBRARIES = ("site-packages", STANDARD, os.path.dirname(__file__))


class SimulationError(LlmsimError):
    """The simulated world cannot do this; says what can be done instead."""


class DeadlockError(SimulationError):
    """Every task waits, no timer is set and no thread owes a result: nothing can ever happen."""


class LivelockError(SimulationError):
    """The program keeps working while time stands still, such as polling without a sleep."""


class ThreadStuckError(SimulationError):
    """The clock stood still for a thread that did not return."""


class RealNetworkError(SimulationError, ConnectionRefusedError):
    """The program reached for something outside of the simulated world. It is also what a
    program sees when a connection is refused, so that it may live with it."""


def waiting_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> str:
    """A line for each task: its name, its function, the line at which it waits."""
    listed = sorted(tasks, key=_age)
    lines = [f"  {task.get_name()}: {_where(task)}" for task in listed[:TASKS_SHOWN_MAX]]
    if more := len(listed) - TASKS_SHOWN_MAX:
        lines += [f"  and {more} more"] if more > 0 else []
    return "\n".join(lines) or "  no task at all"


def running_threads(names: Iterable[tuple[int, str]]) -> str:
    """A line for each thread, given as (ident, name): where it is now."""
    frames = sys._current_frames()
    lines = []
    for ident, name in names:
        stack: list[FrameType] = []
        frame = frames.get(ident)
        while frame is not None:
            stack.insert(0, frame)
            frame = frame.f_back
        if stack:
            lines.append(f"  {name}: {_shown(stack)}")
    return "\n".join(lines)


def _age(task: "asyncio.Task[Any]") -> tuple[int, str]:
    name = task.get_name()
    number = name.rpartition("-")[2]
    return (int(number) if number.isdigit() else 0), name


def _where(task: "asyncio.Task[Any]") -> str:
    frames = list(_awaits(task.get_coro()))
    if not frames:
        return "about to start"
    return _shown(frames)


def _shown(frames: list[FrameType]) -> str:
    """The innermost line of the program, which says more than the library's line that it waits
    in; and that one too. Frames come outermost first."""
    own = [frame for frame in frames if not any(p in frame.f_code.co_filename for p in LIBRARIES)]
    shown = [own[-1] if own else frames[0]]
    if frames[-1] is not shown[0]:
        shown.append(frames[-1])
    return ", in ".join(_line(frame) for frame in shown)


def _awaits(awaited: Any) -> Iterator[FrameType]:
    """The frames of a suspended coroutine and of all that it awaits, outermost first."""
    for _ in range(AWAITS_FOLLOWED_MAX):
        for kind in ("cr", "gi", "ag"):
            if (frame := getattr(awaited, f"{kind}_frame", None)) is not None:
                yield frame
                inner = "gi_yieldfrom" if kind == "gi" else f"{kind}_await"
                awaited = getattr(awaited, inner)
                break
        else:
            return


def _line(frame: FrameType) -> str:
    code = frame.f_code
    return f"{_short(code.co_filename)}:{frame.f_lineno} {code.co_qualname}"


def _short(path: str) -> str:
    for mark in ("site-packages" + os.sep, STANDARD):
        if mark in path:
            return path.partition(mark)[2].lstrip(os.sep)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
