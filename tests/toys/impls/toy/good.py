from bench import Op, impl


@impl("toy", variants={"": {}, "twice": {"times": 2}})
def good(case, times=1):
    """Right; `twice` does the work two times."""

    def run(x):
        for _ in range(times):
            out = x + 1
        return out

    return {"add": Op(run), "undo": lambda x: x - 1}
