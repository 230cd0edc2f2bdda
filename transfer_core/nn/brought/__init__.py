"""Networks that people bring: read with care, and made into what the rest of Thaw works with."""
