"""What does not go together in a request for a response to OpenAI: fields that exclude or need
others, what the model cannot do. Providers with a compatible API take it.

Words as in the public issue logs of OpenAI's SDKs.
"""

from typing import Final

from ....canonical import ApiError, ChatRequest, Rejected
from ...reading import Reader
from ..chat_options import known_family
from ..rules import unsupported_parameter
from ..wording import either, invalid

__all__ = ["check_rules"]

ENCRYPTED: Final = "reasoning.encrypted_content"
SAMPLING: Final = ("temperature", "top_p")


def check_rules(body: Reader, request: ChatRequest) -> None:
    """Raise `Rejected` for the first rule that a body breaks whose fields are right."""
    _check_together(body, request)
    _check_json(request)
    _check_model(body, request.model)


def _check_together(body: Reader, request: ChatRequest) -> None:
    if body.has("previous_response_id") and body.has("conversation"):
        # The service names what holds the two, which is the body itself and has no name.
        told = (
            "Mutually exclusive parameters: ''. Ensure you are only providing one of: "
            "'previous_response_id' or 'conversation'."
        )
        raise Rejected(invalid(told, code="mutually_exclusive_parameters"))
    choice = body.raw("tool_choice")
    if choice == "required" and not body.raw("tools") and not request.tools:
        told = "Tool choice 'required' must be specified with 'tools' parameter."
        raise Rejected(invalid(told, param="tool_choice"))
    if isinstance(choice, dict) and choice.get("type") == "function" and not request.tools:
        told = "Tool choice 'function' not found in 'tools' parameter."
        raise Rejected(invalid(told, param="tool_choice"))


def _check_json(request: ChatRequest) -> None:
    """The rule of JSON mode: the model must be told so in words too."""
    if request.output.kind != "json" or request.previous_id is not None:
        return
    if any("json" in said.text.lower() for said in request.messages):
        return
    if isinstance(request.raw.get("conversation"), str | dict):
        return
    raise Rejected(
        invalid(
            "Response input messages must contain the word 'json' in some form to use "
            "'text.format' of type 'json_object'.",
            param="input",
        )
    )


def _check_model(body: Reader, model: str) -> None:
    known = known_family(model)
    reasoning, text = body.object("reasoning"), body.object("text")
    effort = reasoning.raw("effort") if reasoning else None
    if reasoning is not None and known.efforts is None:
        for key in ("effort", "summary"):
            if reasoning.has(key):
                raise Rejected(unsupported_parameter(f"reasoning.{key}"))
    if effort is not None and known.efforts and effort not in known.efforts:
        raise Rejected(_other("reasoning.effort", effort, model, known.efforts))
    verbosity = text.raw("verbosity") if text else None
    if verbosity is not None and known.verbosities and verbosity not in known.verbosities:
        raise Rejected(_other("text.verbosity", verbosity, model, known.verbosities))
    if known.efforts is None and ENCRYPTED in body.texts("include"):
        told = "Encrypted content is not supported with this model."
        raise Rejected(invalid(told, param="include"))
    if known.reasoning and (effort or known.effort) != "none":
        for key in SAMPLING:
            if body.raw(key) not in (None, 1):
                told = f"Unsupported parameter: '{key}' is not supported with this model."
                raise Rejected(invalid(told, param=key))


def _other(param: str, value: str, model: str, known: tuple[str, ...]) -> ApiError:
    return invalid(
        f"Unsupported value: '{value}' is not supported with the '{model}' model. Supported values "
        f"are: {either(known)}.",
        param=param,
        code="unsupported_value",
    )
