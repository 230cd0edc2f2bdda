"""A lesson on one server: a code lets each person into a workspace of their own, and the teacher looks after all."""
