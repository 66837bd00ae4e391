from bench import impl


@impl("load", requires="torchcodec", extra="loading")
def torchcodec(case):
    """FFmpeg through torchcodec's ``AudioDecoder``."""
    from torchcodec.decoders import AudioDecoder

    rate = case.sample_rate

    def read(path, start, frames):
        decoder = AudioDecoder(path, sample_rate=rate)
        if frames is None:
            return decoder.get_all_samples().data[0]
        begin = decoder.metadata.begin_stream_seconds or 0.0  # of an MP3: after what its encoder put before
        return decoder.get_samples_played_in_range(begin + start / rate, begin + (start + frames) / rate).data[0]

    return {"decode": read}
