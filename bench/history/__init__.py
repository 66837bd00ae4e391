"""Many runs in the order of time: points, series of like runs, change points, and how they are shown."""
