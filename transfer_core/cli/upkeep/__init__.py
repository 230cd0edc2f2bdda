"""Commands that look after an installation: what is wrong with it, and the weights it needs."""
