"""The lab Health: which photos deserve a look before anything learns from them."""
