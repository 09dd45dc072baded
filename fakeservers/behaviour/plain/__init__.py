"""Scripts as plain data, of which TOML and JSON files are made, and back.

    seed = 7
    [openai]
    limits = { rpm = 60 }
    [[openai.rules]]
    on = { prompt = "capital of France" }
    replies = ["Paris."]
    [[openai.rules]]
    fails = [{ cut = { after_chunks = 2 } }]
    between = ["5m", "8m"]

The words are those of the verbs. Errors carry the path of what is wrong, such as
`openai.rules[1].fails`; who read a file adds its name and the line.
"""

from .checking import PlainErrors
from .reading import read_scenario
from .writing import failure_words, write_scenario

__all__ = ["PlainErrors", "failure_words", "read_scenario", "write_scenario"]
