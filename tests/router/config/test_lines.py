"""The line of a key is found whatever stands around it."""

import tomllib

from router.config.lines import key_lines

TEXT = '''# a comment = 1
top = 1
"quoted key" = 2

[a.b] # header
list = [
  "x = 1", # not a key = 3
  "]",
]
text = """
[not.a.header]
key = 1
"""
raw = \'\'\'
k = 2 \'\'\'
after.dotted = { inner = 1 }

[[many]]
name = "one"
[many.sub]
x = 1
[[many]]
name = 'two # no comment'
esc = "\\\\" # a backslash
last = 1
'''


def test_lines_of_keys() -> None:
    """Strings, arrays, comments, dotted keys and arrays of tables do not mislead."""
    assert tomllib.loads(TEXT)["many"][1]["last"] == 1
    lines = key_lines(TEXT)
    assert lines == {
        ("top",): 2,
        ("quoted key",): 3,
        ("a", "b"): 5,
        ("a", "b", "list"): 6,
        ("a", "b", "text"): 10,
        ("a", "b", "raw"): 14,
        ("a", "b", "after"): 16,
        ("a", "b", "after", "dotted"): 16,
        ("many", 0): 18,
        ("many", 0, "name"): 19,
        ("many", 0, "sub"): 20,
        ("many", 0, "sub", "x"): 21,
        ("many", 1): 22,
        ("many", 1, "name"): 23,
        ("many", 1, "esc"): 24,
        ("many", 1, "last"): 25,
    }
