"""When a tool is called, which one, and with what."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from fakeservers.behaviour.natural.tooluse import CALLS_MAX, chosen_calls
from fakeservers.canonical import (
    ChatRequest,
    Message,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


def tool(called: str, description: str = "", /, **properties: Any) -> Tool:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(name=called, description=description, parameters=parameters)


WEATHER = tool("get_weather", "Get the weather in a city.", city=TEXT)
TIME = tool("get_time", "Get the current time.", city=TEXT)
ADD = tool("add", a=WHOLE, b=WHOLE)
MULTIPLY = tool("multiply", a=WHOLE, b=WHOLE)
MAGIC = tool("magic_function", "Applies a magic function to an input.", input=WHOLE)
NO_ARGUMENTS = tool("magic_function_no_args")
REFUND = tool("lookup_refund_policy", "Look up the refund policy.", order_id=TEXT)
CAPABILITY = tool("load_capability", "Load a capability.", id=TEXT)
EXCHANGE = tool("get_exchange_rate", base=TEXT, quote=TEXT)
STOCK = tool("stock_lookup", symbol=TEXT)
POPULATION = tool("get_population", city=TEXT)
AREA = tool("get_area", city=TEXT)
FINAL = tool("final_result", "The final response which ends this conversation", summary=TEXT)


def ask(prompt: str, *tools: Tool, then: tuple[Message, ...] = (), **fields: Any) -> ChatRequest:
    return ChatRequest(
        provider="openai",
        endpoint="chat",
        model="m",
        messages=(Message("user", (Text(prompt),)), *then),
        tools=tools,
        **fields,
    )


def turn(name: str, result: str) -> tuple[Message, ...]:
    """The model called `name` and the program sent the result back."""
    return (
        Message("assistant", (ToolCall(name, {}, "c1"),)),
        Message("tool", (ToolResult("c1", name, result),)),
    )


def called(request: ChatRequest, seed: int = 1) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in chosen_calls(request, Random(seed))]


def names(request: ChatRequest) -> list[str]:
    return [name for name, _ in called(request)]


ANY = ToolChoice(mode="any")


@pytest.mark.parametrize(
    ("prompt", "tools", "expected"),
    [
        ("What is the value of magic_function(3)? Use the tool.", [MAGIC], ["magic_function"]),
        ("What is the value of magic_function_no_args()? Use the tool.", [NO_ARGUMENTS],
         ["magic_function_no_args"]),
        ("What's the weather in Paris?", [WEATHER, TIME], ["get_weather"]),
        ("Add 5 and 7", [tool("add_numbers", a=WHOLE, b=WHOLE)], ["add_numbers"]),
        ("Can I get a refund on order-123?", [CAPABILITY, REFUND], ["lookup_refund_policy"]),
        ("What is the USD to EUR exchange rate?", [EXCHANGE, STOCK], ["get_exchange_rate"]),
        ("Find the exchange-rate tool.", [tool("always_ready"), EXCHANGE], ["get_exchange_rate"]),
        ("How populous is Rome, what is its population?", [AREA, POPULATION], ["get_population"]),
        ("Will it rain? Check the forecast of the city", [tool("meteo", "The forecast of a city")],
         ["meteo"]),
        ("Consult something: use your tools", [STOCK, TIME], ["stock_lookup"]),
        ("First load the refunds capability. Then call lookup_refund_policy for order A-4417.",
         [CAPABILITY, REFUND], ["load_capability", "lookup_refund_policy"]),
    ],
)  # fmt: skip
def test_a_tool_that_is_plainly_asked_for_is_called(
    prompt: str, tools: list[Tool], expected: list[str]
) -> None:
    """The tool's name, a word of it, or what its description says makes it called."""
    assert names(ask(prompt, *tools)) == expected


@pytest.mark.parametrize(
    ("prompt", "tools"),
    [
        ("Hello!", [MAGIC, WEATHER]),
        ("What is the capital of France?", [WEATHER]),
        ("Reply only with: ready", [EXCHANGE]),
        ("Tell me about the weather without using any tools", [WEATHER]),
        ("Get me a list of the things that you can do for a user", [WEATHER, ADD, REFUND]),
        ("", [WEATHER]),
    ],
)
def test_words_are_the_answer_otherwise(prompt: str, tools: list[Tool]) -> None:
    """A tool that is merely offered is not called."""
    assert names(ask(prompt, *tools)) == []


def test_a_system_text_may_want_a_call_only() -> None:
    """Frameworks whose model cannot be forced to call a tool tell it to."""
    person = tool("Person", name=TEXT)
    for system, expected in (("Return only the tool call.", ["Person"]), ("Use tools.", [])):
        told = Message("system", (Text(system),))
        asked = ask("Hello!", person)
        assert names(replace(asked, messages=(told, *asked.messages))) == expected


def test_a_result_ends_the_loop() -> None:
    """Once a result has come in, the model may speak."""
    asked = ask("What's the weather in Paris?", WEATHER, then=turn("get_weather", "sunny"))
    assert names(asked) == []


def test_no_tool_is_called_when_none_may_be() -> None:
    """Tool choice `none` is obeyed whatever the prompt asks."""
    assert names(ask("Weather in Paris?", WEATHER, tool_choice=ToolChoice(mode="none"))) == []


# --- arguments --------------------------------------------------------------------------


def test_numbers_of_the_prompt_are_the_arguments() -> None:
    """LangChain's standard tests ask for exactly this."""
    asked = ask("What is the value of magic_function(3)? Use the tool.", MAGIC)
    assert called(asked) == [("magic_function", {"input": 3})]


def test_two_tools_are_called_with_their_own_arguments() -> None:
    """Each call gets what stands beside its own verb."""
    asked = ask("add 1 and 2 and multiply 3 and 4", MULTIPLY, ADD)
    assert called(asked) == [("add", {"a": 1, "b": 2}), ("multiply", {"a": 3, "b": 4})]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("What is 12 divided by 3?", [("divide", {"a": 12, "b": 3})]),
        ("I have 10 apples. Divide 12 by 3", [("divide", {"a": 12, "b": 3})]),
        ("12 and 3 multiplied, 9 and 1 added",
         [("multiply", {"a": 12, "b": 3}), ("add", {"a": 9, "b": 1})]),
        ("What is the weather in Oslo, and what is 6 multiplied by 7?",
         [("get_weather", {"city": "Oslo"}), ("multiply", {"a": 6, "b": 7})]),
    ],
)  # fmt: skip
def test_arguments_may_stand_before_the_verb(prompt: str, expected: list[Any]) -> None:
    """A call takes what stands in its clause, in the order in which it stands there."""
    divide = tool("divide", a=WHOLE, b=WHOLE)
    assert called(ask(prompt, divide, MULTIPLY, ADD, WEATHER)) == expected


def test_tools_that_share_a_word_are_told_apart_by_the_other() -> None:
    """`file` stands in both names, so the verbs tell which file is whose."""
    tools = (tool("create_file", path=TEXT), tool("delete_file", path=TEXT))
    assert called(ask("Delete the file `.env` and create `test.txt`", *tools)) == [
        ("delete_file", {"path": ".env"}),
        ("create_file", {"path": "test.txt"}),
    ]


def test_two_tools_share_what_the_prompt_says_once() -> None:
    """One city serves both tools when only one is named."""
    asked = ask("What is the weather and current time in San Francisco?", WEATHER, TIME)
    assert called(asked) == [
        ("get_weather", {"city": "San Francisco"}),
        ("get_time", {"city": "San Francisco"}),
    ]


def test_one_tool_is_called_for_each_entity() -> None:
    """An enumeration gives one call for each of its members."""
    asked = ask("What's the weather like in San Francisco, Tokyo, and Paris?", WEATHER)
    cities = ["San Francisco", "Tokyo", "Paris"]
    assert called(asked) == [("get_weather", {"city": city}) for city in cities]


def test_one_place_and_its_country_are_one_entity() -> None:
    """`Paris, France` is not an enumeration."""
    assert called(ask("Weather in Paris, France?", WEATHER)) == [("get_weather", {"city": "Paris"})]


def test_an_enumeration_fills_a_tool_that_takes_several() -> None:
    """Two places go into one call when the tool has two properties or an array for them."""
    distance = tool("distance", start=TEXT, end=TEXT)
    several = tool("weather", cities={"type": "array", "items": TEXT})
    assert called(ask("distance between Paris and Rome", distance)) == [
        ("distance", {"start": "Paris", "end": "Rome"})
    ]
    assert called(ask("weather in Paris and Rome", several)) == [
        ("weather", {"cities": ["Paris", "Rome"]})
    ]


def test_one_call_when_parallel_calls_are_not_allowed() -> None:
    """Only the first of several calls is made."""
    asked = ask("Weather in Paris and London", WEATHER, parallel_tool_calls=False)
    assert called(asked) == [("get_weather", {"city": "Paris"})]


def test_calls_are_bounded() -> None:
    """A long enumeration gives no more than the maximum."""
    cities = ", ".join(["Rome", "Oslo", "Bern", "Kyiv", "Lima", "Doha", "Cairo", "Quito", "Accra"])
    assert len(called(ask(f"Weather in {cities}", WEATHER))) == CALLS_MAX


# --- forced calls -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["magic_function", "get_weather"])
def test_a_named_tool_is_called(name: str) -> None:
    """A tool choice that names a tool leaves no choice."""
    forced = ToolChoice(mode="any", names=(name,))
    assert names(ask("Hello!", MAGIC, WEATHER, tool_choice=forced)) == [name]


def test_any_tool_is_called_when_one_must_be() -> None:
    """Without a hint in the prompt some tool is called."""
    assert len(names(ask("Hello!", MAGIC, WEATHER, tool_choice=ANY))) == 1


def test_a_forced_agent_run_ends() -> None:
    """What was asked for is called first, then the tool that ends the run, never twice."""
    tools = (POPULATION, AREA, FINAL)
    prompt = "Tell me about London including population"
    first = ask(prompt, *tools, tool_choice=ANY)
    then = ask(prompt, *tools, tool_choice=ANY, then=turn("get_population", "8,982,000"))
    assert names(first) == ["get_population"]
    assert names(then) == ["final_result"]


@pytest.mark.parametrize("choice", [ToolChoice(), ANY], ids=["auto", "any"])
def test_a_tool_named_like_a_type_takes_the_outcome(choice: ToolChoice) -> None:
    """`Weather` beside functions is where the run's result goes, and ends the run."""
    outcome = tool("Weather", "The weather of a city.", city=TEXT)
    prompt, tools, then = "Weather in Oslo?", (WEATHER, ADD, outcome), turn("get_weather", "rain")
    first = ask(prompt, *tools, tool_choice=choice)
    assert called(first) == [("get_weather", {"city": "Oslo"})]
    second = ask(prompt, *tools, tool_choice=choice, then=then)
    assert called(second) == [("Weather", {"city": "Oslo"})]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Hello!", ["final_result"]),
        ("Please include your response in a tool call.", ["final_result"]),
        ("Tell me the population of London", ["get_population"]),
        ("Hello! Do not call any tool.", []),
    ],
)
def test_a_final_tool_is_called_unasked(prompt: str, expected: list[str]) -> None:
    """A tool that says it ends the conversation is how the answer is wanted."""
    assert names(ask(prompt, POPULATION, FINAL)) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("When you are ready, call this tool with your final answer as its input.", ["reply"]),
        ("Use this tool to return your final response in the requested format.", ["reply"]),
        ("Should only be invoked as the last and final tool before returning.", ["reply"]),
        ("The final response which ends this conversation", ["reply"]),
        ("Never use this tool for your final answer.", []),
        ("Use this tool to compute the final price of an order.", []),
    ],
)
def test_a_tool_is_final_when_its_description_says_so(
    description: str, expected: list[str]
) -> None:
    """litellm, Strands and pydantic-ai tell by the description how the answer is wanted."""
    assert names(ask("Hello!", POPULATION, tool("reply", description, text=TEXT))) == expected


def test_words_follow_a_final_tool() -> None:
    """When the model may decide, the run's outcome is handed in once."""
    done = turn("get_population", "8,982,000") + turn("final_result", "ok")
    assert names(ask("Population of London?", POPULATION, FINAL, then=done)) == []


@pytest.mark.parametrize("name", ["user", "answer_phone", "submit_ticket", "Calculator"])
def test_a_tool_that_does_something_else_is_not_final(name: str) -> None:
    """Tools whose names only resemble an ending are left alone after a result."""
    asked = ask("Weather in Oslo?", WEATHER, tool(name), then=turn("get_weather", "rain"))
    assert names(asked) == []


def test_types_are_tools_like_others_when_all_are_types() -> None:
    """Programs that write every tool as a class have no tool that ends the run."""
    tools = (tool("GetWeather", city=TEXT), tool("GetPopulation", city=TEXT))
    asked = ask("Weather in Oslo?", *tools, then=turn("GetWeather", "rain"))
    assert names(asked) == []


def test_a_lone_final_tool_is_filled_from_the_prompt() -> None:
    """Structured output by a tool takes what the prompt says."""
    person = tool("final_result", name=TEXT, city=TEXT)
    asked = ask("Record this person: Ada Lovelace, who lives in London.", person, tool_choice=ANY)
    assert called(asked) == [("final_result", {"name": "Ada Lovelace", "city": "London"})]


def test_a_final_tool_knows_what_the_others_found() -> None:
    """The arguments of the last call come from the results too."""
    tools = (tool("get_user_country"), tool("final_result", country=TEXT))
    then = turn("get_user_country", "Mexico")
    asked = ask("Where am I? Which user country?", *tools, tool_choice=ANY, then=then)
    assert called(asked) == [("final_result", {"country": "Mexico"})]


def test_calls_are_the_same_for_the_same_random_state() -> None:
    """Nothing but the request and the random state matters."""
    asked = ask("Hello!", STOCK, tool_choice=ANY)
    assert called(asked, 5) == called(asked, 5)
