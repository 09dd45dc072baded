"""The values that flow through a fake server, with no provider's name in them.

`wire` turns bytes into the requests here and the results here into bytes; `behaviour` turns
requests into results. Nothing in this module does I/O, keeps state or knows a wire format.
What a canonical type cannot carry stays in `raw`, untouched.
"""

from .errors import (
    ApiError,
    ErrorKind,
    Limited,
    Metered,
    Rejected,
    RetrySyntax,
    TokenLimit,
)
from .jobs import BatchAnswer, BatchItem, Finished, Job, Phase, Work
from .media import ImageRequest, ImageResult, SpeechRequest, SpeechResult
from .metering import Charge, Meter, Reading
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
    Needs,
    OutputFormat,
    ResourceRequest,
    ThinkingOptions,
    Tool,
    ToolChoice,
    Weighed,
)
from .results import (
    Cached,
    CompletionResult,
    EmbedResult,
    Finish,
    ModerateResult,
    RawReply,
    Reply,
    ResourceResult,
    Stored,
    TokenResult,
    Usage,
    Use,
)

Request = (
    ChatRequest
    | CountRequest
    | EmbedRequest
    | ImageRequest
    | ModerateRequest
    | ResourceRequest
    | SpeechRequest
)
Result = (
    CompletionResult
    | EmbedResult
    | ImageResult
    | ModerateResult
    | ResourceResult
    | SpeechResult
    | TokenResult
)

__all__ = [
    "ApiError",
    "BatchAnswer",
    "BatchItem",
    "Breakpoint",
    "Cached",
    "Charge",
    "ChatRequest",
    "CompletionResult",
    "CountRequest",
    "EmbedRequest",
    "EmbedResult",
    "ErrorKind",
    "Finish",
    "Finished",
    "ImageRequest",
    "ImageResult",
    "Job",
    "Limited",
    "Media",
    "Message",
    "Meter",
    "Metered",
    "ModerateRequest",
    "ModerateResult",
    "Needs",
    "Opaque",
    "OutputFormat",
    "Part",
    "Phase",
    "RawReply",
    "Reading",
    "Reference",
    "Refusal",
    "Rejected",
    "Reply",
    "Request",
    "ResourceRequest",
    "ResourceResult",
    "Result",
    "RetrySyntax",
    "Role",
    "SpeechRequest",
    "SpeechResult",
    "Stored",
    "Text",
    "Thinking",
    "ThinkingOptions",
    "TokenLimit",
    "TokenResult",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "Usage",
    "Use",
    "Weighed",
    "Work",
]
