"""Reserved for the router and its cost tracker; it holds nothing yet.

What belongs here: choosing a provider, falling back, counting the cost of every attempt. What
must not: anything of pytest, of the plugin or of the fakes.
"""

__all__: list[str] = []
