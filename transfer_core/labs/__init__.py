"""The labs: experiments on photos. A lab is a file here (its `Settings`) and one in `experiments` (its `run`)."""

__all__ = ["KINDS"]

KINDS = ("probe", "sweep", "sanity", "recipe", "compare", "knowledge")
"""Every lab; each has a package of this name here, with `settings` and `run`."""
