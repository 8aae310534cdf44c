"""Running it: the supervisor, the simulator, the demo, measurements and proofs."""
