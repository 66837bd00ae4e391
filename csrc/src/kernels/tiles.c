/* Samples of W frames to lanes and back: transposition tile by tile. Also the table of all FFT kernels. */
#include "rfft_kernels.h"
#include "kernels/transpose.h"

AK_INLINE void tile_to_lanes(const float *from, ptrdiff_t from_stride, size_t count, float *to,
                             size_t to_stride, size_t again)
{
    v_f32 v[AK_W];
    if (count == AK_W) {
        AK_UNROLL(16)
        for (int l = 0; l < AK_W; l++) v[l] = v_load(from + l * from_stride);
    } else {
        AK_UNROLL(16)
        for (int l = 0; l < AK_W; l++) v[l] = (size_t)l < count ? v_load(from + l * from_stride) : (v_f32){0};
    }
    v_transpose(v);
    AK_UNROLL(16)
    for (int r = 0; r < AK_W; r++) v_store(to + (size_t)r * to_stride, v[r]);
    if (!again) return;
    AK_UNROLL(16)
    for (int r = 0; r < AK_W; r++) v_store(to + again + (size_t)r * to_stride, v[r]);
}

#define FEW 4 /* rows that are moved one by one rather than as a tile */

static void to_lanes(const float *from, ptrdiff_t from_stride, size_t rows, size_t count, float *to,
                     size_t to_stride, size_t again)
{
    size_t r = 0;
    for (; r + AK_W <= rows; r += AK_W)
        tile_to_lanes(from + r, from_stride, count, to + r * to_stride, to_stride, again);
    if (rows - r > FEW && rows >= AK_W) { /* the last tile overlaps the one before */
        r = rows - AK_W;
        tile_to_lanes(from + r, from_stride, count, to + r * to_stride, to_stride, again);
        return;
    }
    for (; r < rows; r++)
        for (size_t l = 0; l < AK_W; l++) {
            float value = l < count ? from[(ptrdiff_t)l * from_stride + (ptrdiff_t)r] : 0.0f;
            to[r * to_stride + l] = value;
            if (again) to[again + r * to_stride + l] = value;
        }
}

/* One tile of from_lanes: to[l * to_stride + i] = from[i * W + l]. */
AK_INLINE void tile_from_lanes(const float *from, float *to, ptrdiff_t to_stride, size_t count)
{
    v_f32 v[AK_W];
    AK_UNROLL(16)
    for (int i = 0; i < AK_W; i++) v[i] = v_load(from + i * AK_W);
    v_transpose(v);
    if (count == AK_W) {
        AK_UNROLL(16)
        for (int l = 0; l < AK_W; l++) v_store(to + l * to_stride, v[l]);
    } else {
        for (size_t l = 0; l < count; l++) v_store(to + (ptrdiff_t)l * to_stride, v[l]);
    }
}

/* Rows whose distance is near a multiple of 2 KiB share a few sets of the first-level cache (of 32 or 48 KiB,
 * 4 KiB a way): 16 of them evict each other between one tile and the next, 8 of them where it is one of 4
 * KiB. */
static int rows_collide(ptrdiff_t stride)
{
    const size_t period = AK_W > 8 ? 2048 : 4096;
    size_t rest = (size_t)(stride < 0 ? -stride : stride) * sizeof(float) % period;
    return AK_W >= 8 && (rest < 128 || rest > period - 128);
}

/* Such rows, and those that go past the cache, leave line by line, from a buffer with a piece of each frame.
 * Past the cache only whole lines may go: of any other, the memory would be read first. So the LINE floats
 * before a piece stay in front of it, for the line that began among them, and where frames follow one another
 * without a gap, the next one's first floats stand behind a frame's last. */
enum { LINE = 16, PIECE = 4 * LINE, PITCH = LINE + (PIECE + LINE) + LINE };

/* Measured: with AVX-512, where a line leaves with one instruction, writing and reading back take no longer
 * past the cache from some 5 MiB on; with AVX2 (Zen 3) outputs of 24 to 234 MiB are slower past it. */
#if defined(AK_BUILD_AVX512)
#    define STREAM_BYTES ((size_t)8 << 20)
#else
#    define STREAM_BYTES SIZE_MAX
#endif

AK_INLINE void line_out(float *to, const float *from, const int stream)
{
#if defined(AK_BUILD_AVX512)
    if (stream) {
        _mm512_stream_ps(to, (__m512)v_load(from));
        return;
    }
#endif
    (void)stream;
    memcpy(to, from, LINE * sizeof(float));
}

static void piece_from_lanes(const float *from, size_t length, float *frames)
{
    for (size_t r = 0; r < length; r += AK_W) {
        size_t at = r + AK_W <= length ? r : length - AK_W; /* the last tile overlaps the one before */
        tile_from_lanes(from + at * AK_W, frames + at, PITCH, AK_W);
    }
}

typedef struct piece {
    ptrdiff_t length;
    int first, last;                   /* of its frame */
    int after_another, before_another; /* its frame, without a gap */
} piece;

/* Lines that are shared with the piece before, or with the frame before, were written with that one. */
AK_INLINE void piece_out(piece p, const float *from, float *to, const int stream)
{
    ptrdiff_t begun = (ptrdiff_t)((uintptr_t)to % (LINE * sizeof(float)) / sizeof(float)), i = -begun;
    if (p.first && begun) {
        i += LINE;
        if (!p.after_another) memcpy(to, from, (size_t)i * sizeof(float));
    }
    for (; i + LINE <= p.length; i += LINE) line_out(to + i, from + i, stream);
    if (!p.last || i >= p.length) return;
    if (p.before_another)
        line_out(to + i, from + i, stream);
    else
        memcpy(to + i, from + i, (size_t)(p.length - i) * sizeof(float));
}

/* from_lanes of at least 2 LINE rows. Inlined, it makes from_lanes slower where it is not called. */
static __attribute__((noinline)) void lines_from_lanes(const float *from, size_t rows, float *to,
                                                       ptrdiff_t to_stride, size_t count, int stream)
{
    _Alignas(64) float buffer[(1 + AK_W) * PITCH];
    float *frames = buffer + PITCH + LINE;
    int joined = to_stride == (ptrdiff_t)rows;
    for (size_t begin = 0, end; begin < rows; begin = end) {
        end = rows - begin <= PIECE + LINE ? rows : begin + PIECE;
        piece p = {.length = (ptrdiff_t)(end - begin), .first = begin == 0, .last = end == rows};
        for (size_t l = 0; l < count && begin; l++)
            memcpy(frames + l * PITCH - LINE, frames + l * PITCH + PIECE - LINE, LINE * sizeof(float));
        piece_from_lanes(from + begin * AK_W, end - begin, frames);
        if (p.last && joined) piece_from_lanes(from, LINE, frames - PITCH + (end - begin));
        for (size_t l = 0; l < count; l++) {
            float *at = to + (ptrdiff_t)l * to_stride + begin;
            p.after_another = joined && l > 0;
            p.before_another = joined && l + 1 < count;
            if (stream)
                piece_out(p, frames + l * PITCH, at, 1);
            else
                piece_out(p, frames + l * PITCH, at, 0);
        }
    }
}

static void from_lanes(const float *from, size_t rows, float *to, ptrdiff_t to_stride, size_t count,
                       int stream)
{
    if (rows >= 2 * LINE && (stream || rows_collide(to_stride))) {
        lines_from_lanes(from, rows, to, to_stride, count, stream);
        return;
    }
    size_t r = 0;
    for (; r + AK_W <= rows; r += AK_W) tile_from_lanes(from + r * AK_W, to + r, to_stride, count);
    for (size_t l = 0; l < count; l++)
        for (size_t i = r; i < rows; i++) to[(ptrdiff_t)l * to_stride + (ptrdiff_t)i] = from[i * AK_W + l];
}

static void settle(void)
{
#if defined(AK_BUILD_AVX512)
    _mm_sfence();
#endif
}

static void overlap_add(const float *x, size_t n, size_t hop, float *sums, size_t stride, uintptr_t ahead)
{
    enum { ROW = AK_W * sizeof(float), ROWS_OF_LINE = ROW < 64 ? 64 / ROW : 1 };
    /* Shift by shift, so that a row of sums is long written when it is read again. */
    for (size_t shift = 0; shift * hop < n; shift++) {
        size_t j = shift * hop, end = n - j < hop ? n : j + hop;
        float *to = sums + shift;
        for (; j < end; j++, to += stride) {
            if (j % ROWS_OF_LINE == 0) __builtin_prefetch((const void *)(ahead + j * ROW), 0, 2);
            v_store(to, v_load(to) + v_load(x + j * AK_W));
        }
    }
}

AK_INLINE void tile_take(const float *sums, size_t stride, const float *scale, float *to, size_t to_stride)
{
    v_f32 v[AK_W];
    AK_UNROLL(16)
    for (int r = 0; r < AK_W; r++) v[r] = v_load(sums + (size_t)r * stride) * v_set1(scale[r]);
    v_transpose(v);
    AK_UNROLL(16)
    for (int l = 0; l < AK_W; l++) v_store(to + (size_t)l * to_stride, v[l]);
}

static void overlap_take(float *sums, size_t rows, size_t stride, const float *scale, float *to)
{
    size_t r = 0;
    for (; r + AK_W <= rows; r += AK_W) tile_take(sums + r * stride, stride, scale + r, to + r, rows);
    if (r < rows && rows >= AK_W) {
        r = rows - AK_W;
        tile_take(sums + r * stride, stride, scale + r, to + r, rows);
        r = rows;
    }
    for (; r < rows; r++)
        for (size_t l = 0; l < AK_W; l++) to[l * rows + r] = sums[r * stride + l] * scale[r];

    for (r = 0; r < rows; r++, sums += stride) {
        for (size_t c = AK_W; c < stride; c += AK_W) v_store(sums + c - AK_W, v_load(sums + c));
        v_store(sums + stride - AK_W, (v_f32){0});
    }
}

static void forward(const ak_rfft *t, ak_bins kind, const float *samples, const int32_t *offset,
                    const float *gain, float *work, float *bins, ak_ahead *ahead)
{
    if (t->chirped)
        AK_NAME(ak_chirp_forward)(t, kind, samples, offset, gain, work, bins);
    else if (t->columns.size)
        AK_NAME(ak_columns_forward)(&t->columns, kind, samples, offset, gain, work, bins, ahead);
    else
        AK_NAME(ak_halves_forward)(t, kind, samples, offset, gain, work, bins, ahead);
}

static void inverse(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x)
{
    if (t->chirped)
        AK_NAME(ak_chirp_inverse)(t, gain, bins, work, x);
    else
        AK_NAME(ak_halves_inverse)(t, gain, bins, x);
}

const ak_rfft_kernels AK_NAME(ak_rfft_kernels) = {
    .width = AK_W,
    .forward = forward,
    .inverse = inverse,
    .to_lanes = to_lanes,
    .from_lanes = from_lanes,
    .stream_bytes = STREAM_BYTES,
    .settle = settle,
    .overlap_add = overlap_add,
    .overlap_take = overlap_take,
};
