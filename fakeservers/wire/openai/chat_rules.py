"""What does not go together in a chat completion request to OpenAI: fields that need others, what
the model cannot do. Providers with a compatible API take it. Messages stand in `chat_turns`.

Words as in the public issue logs of OpenAI's SDKs, where no recording is named.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ...canonical import ChatRequest, Rejected
from ..reading import Reader
from .chat_options import known_family
from .rules import unsupported_parameter, unsupported_value
from .wording import either, invalid

__all__ = ["check_rules"]

UNSUPPORTED: Final[Mapping[str, Any]] = {
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "logit_bias": None,
    "stop": None,
}
"""What a model that is thinking takes at its default only."""

RULED: Final = frozenset(
    {
        "metadata",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
        "tool_choice",
        "verbosity",
        "web_search_options",
    }
)
"""The fields that other models than those that reason do not take in any company."""

GUIDE: Final = (
    "Learn more about supported models at the Structured Outputs guide: "
    "https://platform.openai.com/docs/guides/structured-outputs"
)

_TEMPERATE: Final = re.compile(r"o1(?!-mini|-preview)|o3-mini")
_SEARCHES: Final = re.compile(r"gpt-.*-search")
_WITHOUT_TOOLS: Final = re.compile(r"o1-(?:mini|preview)")
_UNSTRUCTURED: Final = re.compile(r"gpt-3\.5|gpt-4(?![o.])|gpt-4o-2024-05-13|o1-(?:mini|preview)")
_WITHOUT_JSON: Final = re.compile(r"gpt-4(?:-32k)?(?:-0\d{3})?$|o1-(?:mini|preview)")


def check_rules(body: Reader, request: ChatRequest) -> None:
    """Raise `Rejected` for the first rule that a body breaks whose fields are right."""
    known = known_family(request.model)
    if known.reasoning:
        _check_reasoning(body, request)
    if body.has("max_tokens") and body.has("max_completion_tokens"):
        told = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        code = "invalid_parameter_combination"
        raise Rejected(invalid(told, param="max_tokens", code=code))
    if body.value.keys().isdisjoint(RULED):
        return
    _check_companions(body, request)
    _check_output(request)
    if body.has("web_search_options") and not _SEARCHES.match(request.model):
        told = "Web search options not supported with this model."  # recorded
        raise Rejected(invalid(told, param="web_search_options"))
    effort = body.raw("reasoning_effort")
    if effort is not None and known.efforts is None:
        raise Rejected(invalid("Unrecognized request argument supplied: reasoning_effort"))
    if effort is not None and known.efforts and effort not in known.efforts:
        raise Rejected(_other("reasoning_effort", effort, known.efforts))
    verbosity = body.raw("verbosity")
    if verbosity is not None and known.verbosities and verbosity not in known.verbosities:
        raise Rejected(_other("verbosity", verbosity, known.verbosities))


def _check_companions(body: Reader, request: ChatRequest) -> None:
    for key in ("tool_choice", "parallel_tool_calls"):
        if body.has(key) and not request.tools:
            told = f"'{key}' is only allowed when 'tools' are specified."
            raise Rejected(invalid(f"Invalid value for '{key}': {told}", param=key))
    if body.raw("metadata") and not body.raw("store"):
        told = "The 'metadata' parameter is only allowed when 'store' is enabled."
        raise Rejected(invalid(told, param="metadata"))


def _check_output(request: ChatRequest) -> None:
    """Among others the rule "when using JSON mode, you must also instruct the model to produce
    JSON"."""
    kind = request.output.kind
    if kind == "text":
        return
    if kind == "schema" and _UNSTRUCTURED.match(request.model):
        told = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with"
        raise Rejected(invalid(f"{told} this model. {GUIDE}"))
    if kind == "json" and _WITHOUT_JSON.match(request.model):
        told = "Invalid parameter: 'response_format' of type 'json_object' is not supported with"
        raise Rejected(invalid(f"{told} this model.", param="response_format"))
    if kind == "json" and not any("json" in said.text.lower() for said in request.messages):
        raise Rejected(
            invalid(
                "'messages' must contain the word 'json' in some form, to use 'response_format' "
                "of type 'json_object'.",
                param="messages",
            )
        )


def _check_reasoning(body: Reader, request: ChatRequest) -> None:
    if body.has("max_tokens"):
        hint = " Use 'max_completion_tokens' instead."
        raise Rejected(unsupported_parameter("max_tokens", hint))
    if request.tools and _WITHOUT_TOOLS.match(request.model):
        raise Rejected(unsupported_parameter("tools"))
    if body.has("parallel_tool_calls") and _TEMPERATE.match(request.model):
        raise Rejected(unsupported_parameter("parallel_tool_calls"))
    if not request.thinking.enabled:
        return
    temperature = body.raw("temperature")
    if temperature is not None and temperature != 1:
        if _TEMPERATE.match(request.model):
            raise Rejected(unsupported_parameter("temperature"))
        told = f"'temperature' does not support {temperature} with this model."
        raise Rejected(
            unsupported_value(f"{told} Only the default (1) value is supported.", "temperature")
        )
    for key, default in UNSUPPORTED.items():
        if body.has(key) and body.raw(key) != default:
            raise Rejected(unsupported_parameter(key))


def _other(key: str, value: str, known: tuple[str, ...]) -> Any:
    told = f"'{key}' does not support '{value}' with this model."
    return unsupported_value(f"{told} Supported values are: {either(known)}.", key)
