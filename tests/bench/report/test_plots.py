def test_labels_that_would_run_into_each_other_are_left_out():
    from bench.report.plots import _apart

    assert _apart([8000, 16000, 24000, 44100, 48000]) == ["8000", "16000", "24000", "44100", ""]
    assert _apart([1024, 2048, 4096]) == ["1024", "2048", "4096"]
    assert _apart([5.0]) == ["5"]
