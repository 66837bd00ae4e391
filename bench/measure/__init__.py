"""How a number is taken: clocks, memory, the limits of this machine, profiler ranges."""
