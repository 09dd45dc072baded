"""The values that flow through a fake server, with no provider's name in them.

`wire` turns bytes into the requests here and the results here into bytes; `behaviour` turns
requests into results. Nothing in this module does I/O, keeps state or knows a wire format.
What a canonical type cannot carry stays in `raw`, untouched.
"""

from .errors import (
    ApiError,
    ErrorKind,
    Rejected,
)
from .parts import (
    Media,
    Message,
    Opaque,
    Part,
    Reference,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from .requests import (
    Breakpoint,
    ChatRequest,
    CountRequest,
    EmbedRequest,
    ModerateRequest,
    OutputFormat,
    Request,
    ResourceRequest,
    ThinkingOptions,
    Tool,
    ToolChoice,
)
from .results import (
    CompletionResult,
    EmbedResult,
    Finish,
    ModerateResult,
    RawReply,
    Reply,
    ResourceResult,
    Result,
    Stored,
    TokenResult,
    Usage,
    Use,
)

__all__ = [
    "ApiError",
    "Breakpoint",
    "ChatRequest",
    "CompletionResult",
    "CountRequest",
    "EmbedRequest",
    "EmbedResult",
    "ErrorKind",
    "Finish",
    "Media",
    "Message",
    "ModerateRequest",
    "ModerateResult",
    "Opaque",
    "OutputFormat",
    "Part",
    "RawReply",
    "Reference",
    "Refusal",
    "Rejected",
    "Reply",
    "Request",
    "ResourceRequest",
    "ResourceResult",
    "Result",
    "Role",
    "Stored",
    "Text",
    "Thinking",
    "ThinkingOptions",
    "TokenResult",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Usage",
    "Use",
]
