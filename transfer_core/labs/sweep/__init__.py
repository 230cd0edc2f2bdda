"""Fine-tunes at several depths within a budget and recommends the shallowest good one. All but `run` is light."""
