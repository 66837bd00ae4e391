"""What a report says about itself: how to read it, and how its numbers were made."""

from bench.report.tables import MEMORY

HOW_TO_READ = {
    "rank": "1= marks implementations that cannot be told from the fastest: the 95% interval of the ratio of their "
    "times, paired by process and round, reaches within 1% of equal. The others are ordered by their median.",
    "× real time": "seconds of audio handled in one second. Higher is faster.",
    "median [low, high]": "the median call, and the 95% interval of that median over processes and rounds.",
    "p95, p99": "95 and 99 calls of 100 took at most so long.",
    "first call": "the first call after preparing: plans, caches and compilation that later calls do not pay.",
    "end to end": "host array in, host array out, with conversion and data movement; the other times leave those out.",
    "memory": f"{MEMORY}.",
    "error": "the suite's own figure against a float64 reference that is none of the rivals.",
    "% of limit": "the least time that this machine's measured arithmetic and memory speed allow, over the time taken.",
    "unstable": "its interval did not reach the asked precision within the budget: ranked, but read the interval.",
    "wrong": "outside the suite's tolerance: never ranked, so no timing is shown.",
    "overall": "geometric mean, over the cases that all of these contestants measured, of the fastest median of the "
    "case over one's own: 100 is the fastest everywhere. Ties there combine the intervals of the cases' ratios.",
}

SCORING = (
    "Every clip is encoded and decoded whole. soxr VHQ resamples between the corpus, the case and the codec's own "
    "rate; what that alone costs stands in the rows marked ceiling. The lag of a codec is calibrated over several "
    "clips, is the same for all of them, and is taken out before a metric is computed, except where the name ends in "
    "_raw. The payload is what a decoder needs; container is that of the usual file or transport format. A metric "
    "that has no answer for a clip is a counted failure with its reason, and no number stands in for it. Speech, "
    "music and noise are never averaged together. The 95% intervals draw speakers first, then clips within each. Word "
    "and character error rates are edits over words, summed over clips before they are divided, beside the rate of "
    "the same recogniser on the untouched audio. Tables of every clip: bench report --format csv."
)

METHOD = (
    "Each implementation runs in processes of its own, several of them, and the rivals take turns round by round, in "
    "a shuffled order, one at a time; so a drift of the machine falls on all of them. Conversion and data movement "
    "stay outside the timed call. The intervals resample processes first, then the rounds within them, because "
    "samples of one process are not independent. Memory is measured in a pass of its own. Every sample is kept in "
    "rows.jsonl, and every number here is derived from it."
)
