/* Status codes in words. */
#include <audiokern/common.h>

const char *ak_status_text(ak_status status)
{
    switch (status) {
    case AK_OK:
        return "success";
    case AK_ERR_ARGUMENT:
        return "an argument is missing or out of its range";
    case AK_ERR_SIZE:
        return "this size is not supported, or the sizes do not fit together";
    case AK_ERR_SHORT:
        return "the signal is too short for the padding or framing asked for";
    case AK_ERR_MEMORY:
        return "out of memory";
    case AK_ERR_THREADS:
        return "a worker thread could not be started";
    case AK_ERR_ISA_UNKNOWN:
        return "AUDIOKERN_ISA names no known instruction set; known are portable, neon, avx2, avx512 and "
               "auto";
    case AK_ERR_ISA_MISSING:
        return "the instruction set asked for is not built in, or this CPU lacks it";
    case AK_ERR_WINDOW:
        return "the window cannot be inverted at this hop: some samples have no weight";
    case AK_ERR_ALIGNMENT:
        return "the workspace is not aligned to 64 bytes";
    case AK_ERR_FILE:
        return "the file cannot be opened or mapped";
    case AK_ERR_FORMAT:
        return "this is no WAV file of PCM or floats, or it is damaged";
    default:
        return "unknown status";
    }
}
