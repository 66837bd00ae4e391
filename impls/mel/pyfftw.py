from bench import Unsupported, impl


@impl("mel", requires="pyfftw")
def pyfftw(case):
    import numpy as np
    from pyfftw.builders import rfft

    from impls.mel._numpy import all_ops, bands, frames_of, tables
    from suites.mel import frames

    if case.preset == "kaldi":
        raise Unsupported("FFTW has no Kaldi front end; see numpy:kaldi")
    (p, taper, bank), block = tables(case), min(64 * case.threads, frames(case))  # fits in cache
    plan = rfft(np.zeros((block, p.n_fft), "f"), planner_effort="FFTW_MEASURE", threads=case.threads)

    def mel(x):
        pieces, out = frames_of(x, case), np.empty((len(x), frames(case), p.n_mels), np.float32)
        for row, i in np.ndindex(len(x), -(-frames(case) // block)):  # the last block overlaps the one before
            part = slice(i := min(i * block, frames(case) - block), i + block)
            np.multiply(pieces[row, part], taper, out=plan.input_array)
            out[row, part] = bands(plan(), bank, p.power)
        return out

    return all_ops(case, mel)
