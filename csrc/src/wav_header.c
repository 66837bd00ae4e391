/* The header of a WAV file, and its samples as floats: Multimedia Programming Interface and Data
 * Specifications 1.0 (IBM and Microsoft, 1991), RFC 2361, EBU Tech 3306 (RF64). Nothing beyond `size` is ever
 * touched. */
#include "wav.h"

#include <string.h>

#define PCM 1
#define IEEE_FLOAT 3
#define EXTENSIBLE 0xfffe
#define UNKNOWN_SIZE 0xffffffffu /* of a stream, or in ds64 */

typedef struct reader {
    const unsigned char *bytes;
    size_t size;
} reader;

static uint64_t number(const unsigned char *p, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | p[i];
    return value;
}

size_t ak_wav_bytes(ak_wav_encoding encoding)
{
    static const size_t bytes[AK_WAV_ENCODING_COUNT] = {1, 2, 3, 4, 4, 8};
    return (unsigned)encoding < AK_WAV_ENCODING_COUNT ? bytes[encoding] : 0;
}

static ak_status read_format(const unsigned char *p, uint64_t size, ak_wav_info *info)
{
    if (size < 16) return AK_ERR_FORMAT;
    unsigned tag = (unsigned)number(p, 2), block = (unsigned)number(p + 12, 2);
    if (tag == EXTENSIBLE && size >= 26) tag = (unsigned)number(p + 24, 2); /* the first bytes of SubFormat */
    info->channels = (uint32_t)number(p + 2, 2);
    info->sample_rate = (uint32_t)number(p + 4, 4);
    if (!info->channels || !info->sample_rate || block % info->channels) return AK_ERR_FORMAT;
    unsigned bytes = block / info->channels;
    if (tag == PCM && bytes >= 1 && bytes <= 4)
        info->encoding = (ak_wav_encoding)(AK_WAV_U8 + (int)bytes - 1);
    else if (tag == IEEE_FLOAT && (bytes == 4 || bytes == 8))
        info->encoding = bytes == 4 ? AK_WAV_F32 : AK_WAV_F64;
    else
        return AK_ERR_FORMAT;
    /* fewer valid bits than the container holds lie at its top; as many bits as containers have is required
     */
    unsigned bits = (unsigned)number(p + 14, 2);
    return bits && bits <= 8 * bytes && bits + 8 > 8 * bytes ? AK_OK : AK_ERR_FORMAT;
}

ak_status ak_wav_parse(const void *bytes, size_t size, ak_wav_info *info)
{
    if (!bytes || !info) return AK_ERR_ARGUMENT;
    reader r = {bytes, size};
    *info = (ak_wav_info){0};
    if (size < 12 || memcmp(r.bytes + 8, "WAVE", 4) != 0) return AK_ERR_FORMAT;
    if (memcmp(r.bytes, "RIFF", 4) != 0 && memcmp(r.bytes, "RF64", 4) != 0) return AK_ERR_FORMAT;
    uint64_t long_size = UNKNOWN_SIZE;
    int known = 0;
    for (uint64_t at = 12; at + 8 <= size;) {
        const unsigned char *p = r.bytes + at;
        uint64_t length = number(p + 4, 4), left = size - at - 8;
        if (memcmp(p, "data", 4) == 0) {
            if (!known) return AK_ERR_FORMAT;
            if (length == UNKNOWN_SIZE) length = long_size == UNKNOWN_SIZE ? left : long_size;
            if (length > left) length = left;
            info->offset = at + 8;
            info->frames = length / (info->channels * ak_wav_bytes(info->encoding));
            return AK_OK;
        }
        if (length > left) return AK_ERR_FORMAT;
        if (memcmp(p, "ds64", 4) == 0 && length >= 16) long_size = number(p + 16, 8);
        if (memcmp(p, "fmt ", 4) == 0) {
            if (read_format(p + 8, length, info) != AK_OK) return AK_ERR_FORMAT;
            known = 1;
        }
        at += 8 + length + length % 2; /* chunks begin at even bytes */
    }
    return AK_ERR_FORMAT;
}

/* Samples lie at any address, so they are copied out by memcpy, which compilers turn into plain loads. */
void ak_wav_convert(ak_wav_encoding encoding, const unsigned char *from, size_t count, float *to)
{
    switch (encoding) {
    case AK_WAV_U8:
        for (size_t i = 0; i < count; i++) to[i] = (float)((int)from[i] - 128) * 0x1p-7f;
        break;
    case AK_WAV_S16:
        for (size_t i = 0; i < count; i++) {
            int16_t x;
            memcpy(&x, from + 2 * i, sizeof x);
            to[i] = (float)x * 0x1p-15f;
        }
        break;
    case AK_WAV_S24:
        for (size_t i = 0; i < count; i++) {
            const unsigned char *p = from + 3 * i;
            uint32_t x = (uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24;
            to[i] = (float)(int32_t)x * 0x1p-31f;
        }
        break;
    case AK_WAV_S32:
        for (size_t i = 0; i < count; i++) {
            int32_t x;
            memcpy(&x, from + 4 * i, sizeof x);
            to[i] = (float)x * 0x1p-31f;
        }
        break;
    case AK_WAV_F32:
        if (count) memcpy(to, from, count * sizeof *to);
        break;
    default:
        for (size_t i = 0; i < count; i++) {
            double x;
            memcpy(&x, from + 8 * i, sizeof x);
            to[i] = (float)x;
        }
        break;
    }
}
