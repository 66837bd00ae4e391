def test_labels_that_would_run_into_each_other_are_left_out():
    from bench.report.plots import _apart

    assert _apart([8000, 16000, 24000, 44100, 48000]) == ["8000", "16000", "24000", "44100", ""]
    assert _apart([1024, 2048, 4096]) == ["1024", "2048", "4096"]
    assert _apart([5.0]) == ["5"]


def test_names_of_one_picture_stay_apart_when_they_are_cut():
    from bench.report.drawing import shorts

    rivals = ["resample:samplerate:sinc_best", "resample:samplerate:sinc_fastest", "resample:soxr"]
    assert shorts(rivals) == ["resample:sam…ate:sinc_best", "resample:sam…:sinc_fastest", "resample:soxr"]
    assert shorts(rivals[1:]) == ["resample:samplerate:sinc_…", "resample:soxr"]
    alike = [f"torchaudio:variant amd-epyc-{model}/kernels/mel" for model in ("f25m1-2c", "f26m1-2c")]
    assert shorts(alike) == alike, "no cut tells them apart"
