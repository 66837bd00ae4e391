"""Exit codes: what a script may rely on."""

FINE = 0
REGRESSION = 1
USAGE = 2
INCONCLUSIVE = 3
FAILED = 4  # an implementation gave a wrong answer, or none
CANNOT_WRITE = 5  # the run could not be kept: full disk, read-only folder
INTERRUPTED = 130
PIPE_CLOSED = 141  # nobody reads the output any more, as of `| head`: what a shell says of a SIGPIPE
