"""What the labs compute: one module a lab, with `run(bench) -> result`."""

__all__: list[str] = []
