from bench import impl


@impl("fft", requires="torch", extra="torch", devices=("cpu", "cuda"))
def torch(case):
    import torch

    from impls._torch import device, op

    place = device(case)
    spectra = torch.empty(case.batch, case.n // 2 + 1, dtype=torch.cfloat, device=place)
    rows = torch.empty(case.batch, case.n, device=place)
    return {
        "forward": op(case, lambda x: torch.fft.rfft(x, out=spectra), leave=torch.clone),
        "inverse": op(case, lambda s: torch.fft.irfft(s, case.n, out=rows), leave=torch.clone),
    }
