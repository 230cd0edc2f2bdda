"""The labs: experiments on photos. A lab is a package here, with its `Settings`, its `run` and what its command prints.

`KINDS` is the registry: pages, commands and the Python interface find a lab by its name in it.
"""

__all__ = ["KINDS"]

KINDS = ("probe", "sweep", "sanity", "recipe", "compare", "knowledge", "evaluate", "health", "stress")
"""Every lab, as its package here and its folder in `pages/labs` are called."""
