"""Which of a destination's mappings an event belongs to, and why not (DESIGN "How an event flows", step 3)."""
