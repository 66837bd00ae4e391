from bench import impl


@impl("load", name="dataloader:torchcodec", requires=("torch", "torchcodec"), extra="loading")
def dataloader_torchcodec(case):
    """torch's DataLoader, whose workers read each crop by torchcodec's ``AudioDecoder``."""
    from torchcodec.decoders import AudioDecoder

    from impls.load._torch import loader

    rate = case.sample_rate

    def read(path, start, frames):
        decoder = AudioDecoder(path, sample_rate=rate)
        begin = decoder.metadata.begin_stream_seconds or 0.0
        end = begin + (start + frames) / rate
        return decoder.get_samples_played_in_range(begin + start / rate, end).data[0].numpy()

    return {"epoch": lambda job: loader(job, read)}
