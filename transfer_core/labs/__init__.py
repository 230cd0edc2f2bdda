"""The labs: experiments on photos. A lab is a file here (its `Settings`) and one in `experiments` (its `run`)."""

__all__ = ["KINDS"]

KINDS = ("probe", "sweep", "sanity", "recipe", "compare", "knowledge")
"""Every lab; each has a module of this name in `transfer_core.labs` and in `transfer_core.experiments`."""
