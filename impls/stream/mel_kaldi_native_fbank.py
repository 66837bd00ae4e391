from bench import Stream, impl


@impl("stream", name="mel:kaldi_native_fbank", requires="kaldi_native_fbank", extra="dsp")
def mel_kaldi_native_fbank(case):
    import kaldi_native_fbank as knf
    import numpy as np

    from impls.stream._frames import shape

    rate, options, sizes = case.sample_rate, knf.FbankOptions(), shape(case)
    framing, options.mel_opts.num_bins = options.frame_opts, 80
    framing.dither, framing.samp_freq, framing.frame_shift_ms = 0.0, rate, 1000 * sizes["step"] / rate

    def opened():
        fbank = knf.OnlineFbank(options)
        new = lambda first: [fbank.get_frame(i) for i in range(first, fbank.num_frames_ready)]

        def feed(x):
            first, _ = fbank.num_frames_ready, fbank.accept_waveform(rate, x[0])
            return np.array(new(first), np.float32).reshape(1, -1, 80)

        return feed

    return Stream(rate, opened, lambda x: opened()(x), **sizes)
