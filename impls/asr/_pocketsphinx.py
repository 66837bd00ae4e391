"""A PocketSphinx decoder with the US English model of its wheel."""

from pocketsphinx import Decoder

from bench import Unsupported


def decoder(rate, jsgf=""):
    """One that keeps to a closed grammar, else to the wheel's language model. Raises Unsupported for a bad grammar.

    The mean of each clip's own cepstra is taken off ("batch"), not a running mean of all clips so far.
    """
    settings = {"samprate": rate, "cmn": "batch", "loglevel": "FATAL"}
    if not jsgf:
        return Decoder(**settings)
    made = Decoder(**settings, lm=None)
    try:
        made.add_jsgf_string("corpus", jsgf)
    except ValueError:
        why = "is not JSGF, or holds a word that PocketSphinx's dictionary lacks"
        raise Unsupported(f"the corpus's grammar {why}; mend grammar.jsgf or take it away") from None
    made.activate_search("corpus")
    return made
