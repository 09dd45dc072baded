"""The values that flow through the router, with no vendor's name in them.

Requests and what they are made of, answers, typed stream events, targets, tasks and the record
of each attempt. All are frozen. Nothing here does I/O, keeps state, or knows a wire format or a
price; what these types cannot carry stays in `extra` of a request and in `raw` of an answer.
"""

from .answers import Answer, Attempt, Basis, Certainty, FinishReason, LLMResponse, RateLimit, Usage
from .parts import Image, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from .requests import LLMRequest, OutputSchema, ThinkingOptions, Tool, ToolChoice, as_request
from .streams import (
    Finish,
    Gap,
    Noise,
    Seam,
    Started,
    StreamEvent,
    StreamReset,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageEvent,
    is_visible,
)
from .targets import Candidate, Capabilities, Plan, Target, Timeouts
from .tasks import TaskContext, TaskRequest, TaskResponse

__all__ = [
    "Answer",
    "Attempt",
    "Basis",
    "Candidate",
    "Capabilities",
    "Certainty",
    "Finish",
    "FinishReason",
    "Gap",
    "Image",
    "LLMRequest",
    "LLMResponse",
    "Message",
    "Noise",
    "OutputSchema",
    "Part",
    "Plan",
    "RateLimit",
    "Role",
    "Seam",
    "Started",
    "StreamEvent",
    "StreamReset",
    "Target",
    "TaskContext",
    "TaskRequest",
    "TaskResponse",
    "Text",
    "TextDelta",
    "Thinking",
    "ThinkingDelta",
    "ThinkingOptions",
    "Timeouts",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolChoice",
    "ToolResult",
    "Usage",
    "UsageEvent",
    "as_request",
    "is_visible",
]
