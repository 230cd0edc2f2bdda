"""The commands of `thaw`, one subject a file; `__main__` gathers them."""

__all__: list[str] = []
