"""`bench profile`: one implementation, one case, one operation under a profiler, and what it found as rows."""
