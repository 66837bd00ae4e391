"""Two runs, or two checkouts measured in turn -> a verdict a row -> an exit code."""
