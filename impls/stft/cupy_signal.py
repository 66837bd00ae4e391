from bench import impl


@impl("stft", name="cupy:signal", requires=("cupy", "cupyx.scipy.signal"), extra="cupy", devices=("cuda",))
def cupy_signal(case):
    """cupyx.scipy.signal.stft and istft; the latter launches five kernels a frame."""
    from impls._cupy import use

    use(case)
    from impls.stft._cupy import scipy_ops

    return scipy_ops(case)
