from bench import Op, impl


@impl("fft", requires="torch", extra="torch")
def torch(case):
    import torch

    spectra, rows = torch.empty(case.batch, case.n // 2 + 1, dtype=torch.cfloat), torch.empty(case.batch, case.n)
    finish = lambda out: out.numpy().copy()
    return {
        "forward": Op(lambda x: torch.fft.rfft(x, out=spectra), torch.from_numpy, finish),
        "inverse": Op(lambda s: torch.fft.irfft(s, case.n, out=rows), torch.from_numpy, finish),
    }
