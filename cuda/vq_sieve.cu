/* Residual vector quantization as in vq.cu by a sieve: float32 (count, DIM) and books (STAGES, SIZE, DIM) ->
 * int32 (STAGES, count).
 *
 * Scores |c|^2 / 2 - x c of all codewords come from products in float16, off by no more than a bound E that
 * is computed for each vector. A codeword whose score is more than 2 E above the least one is not the
 * nearest; the others, one or two of 1024, are compared in fp32, and where there is but one it is the answer.
 *
 * A warp has 32 vectors, two tiles of 16. Four lanes share a vector: a lane sees two codewords of eight, and
 * keeps the two least scores of each of CLASSES classes of what it sees. A score has the number of its group
 * of 16 codewords in its last bits. Where the second of a class is a candidate, there may be a third, and the
 * class is searched whole in fp32; a warp with many such classes first looks again with scores from three
 * products (SPLIT), whose E is far less.
 *
 * Compiled for: DIM, SIZE, STAGES; DIM % 16 == 0. Threads: whole warps, and as many vectors. Shared memory:
 * vectors x DIM x 4 bytes, the residuals, in which each lane keeps the components that mma wants of it: 16 s
 * + 4 t .. + 3 of rows g and g + 8 of both tiles, with g = lane / 4 and t = lane % 4. Operations: 2 DIM SIZE
 * STAGES a vector in float16, and four instructions a score; bytes: x once; from L2 the books in float16 once
 * a block, and the codewords taken or compared in fp32. What the host prepares: impls/vq/_cuda.py. */
#include "tensor.cuh"

constexpr int RESIDENT =
    DIM > 128 ? 256 : 384; /* threads that a multiprocessor has registers for, in several blocks */
constexpr int STEPS = DIM / 16, PAIRS = (STEPS + 1) / 2; /* a uint4 has what two steps need */
constexpr int GROUPS = (SIZE + 15) / 16, EACH = 2 * PAIRS, AHEAD = PAIRS % 4 ? PAIRS : 4;
constexpr int GROUP = 32 * EACH + 8; /* uint4: codewords, and half of their squares */
constexpr int CLASSES = 4;
constexpr int MANY = 16; /* crowded classes of a warp, searched whole, that cost about what SPLIT does */
constexpr int PACE = 8;  /* groups, after which warps wait for each other: they find in L1 what one fetched */
constexpr float FAR = 3e38f, TINY = 1e-18f;

__host__ __device__ constexpr int bits_of(int values)
{
    return values > 1 ? 1 + bits_of((values + 1) / 2) : 0;
}
constexpr int NUMBER = (1 << bits_of(GROUPS)) - 1;

/* Of codewords times `scale`, a power of two, which float16 then holds: the greatest length, of a codeword,
 * of what rounding it to float16 loses, of what rounding the loss loses; and the greatest |c|^2 / 2. */
struct Book {
    float scale, length, lost, lost_twice, half;
};

/* Scores of a row that a lane has seen, by class. */
struct Seen {
    float first[CLASSES], second[CLASSES];
};

/* Sums over a row's components: squares of what is in float16, of what is not, of what two numbers miss. */
struct Rounding {
    float length, lost, lost_twice;
};

/* What the scores of a row say of its nearest codeword; crowded: classes that may have a third candidate. */
struct Verdict {
    float limit;
    int code, crowded;
    bool alone;
};

/* The codeword of a group that belongs to class k of lane t. */
__device__ inline int code_of(int group, int k, int t)
{
    return 16 * group + 8 * (k / 2) + 2 * t + k % 2;
}

__device__ inline float of_lanes(float value, int first, int last)
{
    for (int lanes = first; lanes < last; lanes *= 2) value += __shfl_xor_sync(~0u, value, lanes);
    return value;
}

/* Two components in float16; adds up what that loses. */
template <bool SPLIT>
__device__ inline void round_pair(float x, float y, unsigned *big, unsigned *small, Rounding *sums)
{
    *big = float16_pair(x, y);
    const float2 near = of_float16_pair(*big), rest = make_float2(x - near.x, y - near.y);
    sums->length += near.x * near.x + near.y * near.y;
    sums->lost += rest.x * rest.x + rest.y * rest.y;
    if (SPLIT) {
        *small = float16_pair(rest.x, rest.y);
        const float2 back = of_float16_pair(*small), missed = make_float2(rest.x - back.x, rest.y - back.y);
        sums->lost_twice += missed.x * missed.x + missed.y * missed.y;
    }
}

/* Row h of a tile, this lane's components, times the scale: mma's first factor. */
template <bool SPLIT>
__device__ inline Rounding round_row(const float4 *row, float scale, int h, unsigned (*big)[4],
                                     unsigned (*small)[4])
{
    Rounding sums = {0.f, 0.f, 0.f};
#pragma unroll
    for (int s = 0; s < STEPS; s++) {
        const float4 x = row[32 * s];
        round_pair<SPLIT>(scale * x.x, scale * x.y, &big[s][h], &small[s][h], &sums);
        round_pair<SPLIT>(scale * x.z, scale * x.w, &big[s][2 + h], &small[s][2 + h], &sums);
    }
    return {of_lanes(sums.length, 1, 4), of_lanes(sums.lost, 1, 4), of_lanes(sums.lost_twice, 1, 4)};
}

/* E. With x' and c' in float16, x c - x' c' = (x - x') c + x' (c - c'), and by Cauchy and Schwarz each part
 * is no more than a product of lengths. With x" and c" for what x' and c' miss (SPLIT), x c - (x' + x") c' -
 * x' c" = (x - x' - x") c + (x' + x") (c - c' - c") + x" c". Sums: tensor cores add 8 or 16 products, which
 * are exact, and the sum so far as fixed-point numbers that end at 2^-24 of the largest or below, and cut off
 * (Fasi et al., 2021, doi 10.7717/peerj-cs.330; Khattak and Mikaitis, 2025, arXiv 2512.07004): an mma of 16
 * products is off by less than 12 x 2^-23 of the largest number in it, which is at most |c|^2 / 2 + |x'|
 * |c'|. 1.01: these lengths are rounded, too. */
template <bool SPLIT> __device__ inline float error_of(const Rounding &row, const Book &book)
{
    const float length = sqrtf(row.length), lost = sqrtf(row.lost) + TINY;
    const float sums = (2 * PAIRS * 12 / 8388608.f) * (book.half + length * book.length);
    if (SPLIT)
        return 1.01f * ((sqrtf(row.lost_twice) + TINY) * book.length + (length + lost) * book.lost_twice +
                        lost * book.lost + sums);
    return 1.01f * (lost * book.length + length * book.lost + sums);
}

__device__ inline void note(Seen *row, int k, float score, int group)
{
    const float numbered = __int_as_float((__float_as_int(score) & ~NUMBER) | group);
    row->second[k] = fminf(row->second[k], fmaxf(row->first[k], numbered));
    row->first[k] = fminf(row->first[k], numbered);
}

__device__ inline void multiply_add_pair(float d[4], const unsigned (*a)[4], int s, uint4 b)
{
    multiply_add_float16(d, a[s], b.x, b.y);
    if (s + 1 < STEPS) multiply_add_float16(d, a[s + 1], b.z, b.w);
}

/* All codewords of a stage. a: two tiles, or (SPLIT) what is in float16 of one tile and what that misses. */
template <bool SPLIT>
__device__ inline void scan(const uint4 *codes, const unsigned (*a)[STEPS][4], Seen *rows)
{
    constexpr int ahead = SPLIT ? 1 : AHEAD; /* registers are short */
    const uint4 *at = codes + threadIdx.x % 32;
    const unsigned back = threadIdx.x % 32 / 4 * 4; /* to the first lane with the same t */
    uint4 read[ahead];
    float4 start[2];
#pragma unroll
    for (int i = 0; i < ahead; i++) read[i] = at[32 * i];
    for (int j = 0; j < 2; j++) start[j] = ((const float4 *)(at - back))[32 * EACH + 4 * j];
#pragma unroll
    for (int h = 0; h < (SPLIT ? 2 : 4); h++)
        for (int k = 0; k < CLASSES; k++) rows[h].first[k] = rows[h].second[k] = FAR;
    for (int group = 0; group < GROUPS; group++, at += GROUP) {
        if (!SPLIT && group % PACE == 0) __syncthreads();
        float score[2][2][4];
#pragma unroll
        for (int j = 0; j < 2; j++) {
            if (SPLIT) start[j] = ((const float4 *)(at - back))[32 * EACH + 4 * j];
            const float from[4] = {start[j].x, start[j].y, start[j].z, start[j].w};
            for (int i = 0; i < 4; i++) score[j][0][i] = from[i], score[j][1][i] = SPLIT ? 0.f : from[i];
            if (!SPLIT) start[j] = ((const float4 *)(at - back))[GROUP + 32 * EACH + 4 * j];
        }
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const uint4 b = read[i % ahead];
            read[i % ahead] = at[32 * (i + ahead) + (i + ahead < EACH ? 0 : GROUP - 32 * EACH)];
            multiply_add_pair(score[i % 2][0], a[0], i / 2 * 2, b);
            multiply_add_pair(score[i % 2][1], a[1], i / 2 * 2, b);
            if (SPLIT) multiply_add_pair(score[i % 2][1], a[0], i / 2 * 2, at[GROUPS * GROUP + 32 * i]);
        }
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const int j = i / 8, m = i / 4 % 2, column = i % 2;
            if (!SPLIT) note(&rows[i / 2 % 4], 2 * j + column, score[j][m][i % 4], group);
            if (SPLIT && m == 0)
                note(&rows[i / 2 % 2], 2 * j + column, score[j][0][i % 4] + score[j][1][i % 4], group);
        }
    }
}

/* Candidates are within 2 E of the least score, and what the numbers in the last bits may have changed. */
__device__ inline Verdict judge(const Seen &row, float error)
{
    float least = fminf(fminf(row.first[0], row.first[1]), fminf(row.first[2], row.first[3]));
    for (int lanes = 1; lanes < 4; lanes *= 2) least = fminf(least, __shfl_xor_sync(~0u, least, lanes));
    const float limit = least + 2.02f * (error + (NUMBER + 1) / 8388608.f * fabsf(least));
    int candidates = 0, code = 0, crowded = 0;
#pragma unroll
    for (int k = 0; k < CLASSES; k++) { /* what is no number is a candidate */
        if (!(row.first[k] > limit))
            candidates++, code += code_of(__float_as_int(row.first[k]) & NUMBER, k, threadIdx.x % 4);
        if (!(row.second[k] > limit)) crowded++;
    }
    for (int lanes = 1; lanes < 4; lanes *= 2) {
        candidates += __shfl_xor_sync(~0u, candidates, lanes);
        code += __shfl_xor_sync(~0u, code, lanes);
        crowded += __shfl_xor_sync(~0u, crowded, lanes);
    }
    return {limit, code, crowded, candidates == 1 && crowded == 0};
}

/* c (c / 2 - x), which is |c|^2 / 2 - x c, all times the scale: what this lane has of the sum. */
__device__ inline float share(const float4 *row, const float *code, float scale)
{
    float sum = 0.f;
#pragma unroll 4
    for (int s = 0; s < STEPS; s++) {
        const float4 x = row[32 * s], c = *(const float4 *)(code + 16 * s);
        sum += scale * c.x * (scale * (.5f * c.x - x.x)) + scale * c.y * (scale * (.5f * c.y - x.y));
        sum += scale * c.z * (scale * (.5f * c.z - x.z)) + scale * c.w * (scale * (.5f * c.w - x.w));
    }
    return sum;
}

/* The nearest in fp32 of what is not above the limit, by a warp for the row whose scores lanes 4 q .. 4 q + 3
 * have seen; of equals the first. */
__device__ inline int compare(const Seen &seen, float limit, int q, const float4 *row, const float *book,
                              float scale)
{
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    float least = FAR;
    int nearest = 0;
#pragma unroll
    for (int k = 0; k < CLASSES; k++)
        for (unsigned near = __ballot_sync(~0u, !(seen.first[k] > limit)) >> 4 * q & 15; near;
             near &= near - 1) {
            const int lane = __ffs((int)near) - 1;
            const bool alone = __shfl_sync(~0u, seen.second[k] > limit ? 1 : 0, 4 * q + lane);
            const int number = __shfl_sync(~0u, __float_as_int(seen.first[k]) & NUMBER, 4 * q + lane);
            const int begin = alone ? number : 0, end = alone ? begin + 1 : GROUPS;
            for (int group = begin + g; group - g < end; group += 8) {
                const int code = code_of(group, k, lane);
                const bool inside = group < end && code < SIZE;
                const float *at = book + (size_t)(inside ? code : 0) * DIM + 4 * t;
                const float score = of_lanes(share(row + 4 * q + t, at, scale), 1, 4);
                if (inside && (score < least || (score == least && code < nearest)))
                    least = score, nearest = code;
            }
        }
    for (int lanes = 4; lanes < 32; lanes *= 2) {
        const float score = __shfl_xor_sync(~0u, least, lanes);
        const int code = __shfl_xor_sync(~0u, nearest, lanes);
        if (score < least || (score == least && code < nearest)) least = score, nearest = code;
    }
    return nearest;
}

/* The nearest codewords of all rows. */
__device__ inline void settle(const Seen *seen, const Verdict *verdicts, const float4 *residual,
                              const float *book, float scale, int *nearest)
{
#pragma unroll 1
    for (int r = 0; r < 4; r++) {
        Seen one = seen[0];
        Verdict verdict = verdicts[0];
#pragma unroll
        for (int i = 1; i < 4; i++)
            if (i == r) one = seen[i], verdict = verdicts[i];
        int code = verdict.code;
        for (unsigned doubtful = __ballot_sync(~0u, !verdict.alone); doubtful;) {
            const int q = (__ffs((int)doubtful) - 1) / 4;
            const int found = compare(one, verdict.limit, q, residual + r * STEPS * 32, book, scale);
            if ((int)threadIdx.x % 32 / 4 == q) code = found;
            doubtful &= ~(15u << 4 * q);
        }
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (i == r) nearest[i] = code;
    }
}

/* A stage of the search for four rows of each lane. Of the four lanes that share rows each keeps the error of
 * one, for registers are short. */
__device__ inline void search(const float4 *residual, const float *book, const uint4 *codes,
                              const Book &bounds, int nearest[4])
{
    const int lane = threadIdx.x % 32;
    unsigned a[2][STEPS][4];
    Seen seen[4];
    Verdict verdict[4];
    float errors = 0.f;
#pragma unroll
    for (int r = 0; r < 4; r++) {
        const float error = error_of<false>(
            round_row<false>(residual + r * STEPS * 32, bounds.scale, r % 2, a[r / 2], a[r / 2]), bounds);
        if (lane % 4 == r) errors = error;
    }
    scan<false>(codes, a, seen);
    int crowded = 0;
#pragma unroll
    for (int r = 0; r < 4; r++) {
        verdict[r] = judge(seen[r], __shfl_sync(~0u, errors, lane / 4 * 4 + r));
        crowded += verdict[r].crowded;
    }
    for (int lanes = 4; lanes < 32; lanes *= 2) crowded += __shfl_xor_sync(~0u, crowded, lanes);
    if (crowded > MANY) {
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const float error = error_of<true>(
                round_row<true>(residual + r * STEPS * 32, bounds.scale, r % 2, a[0], a[1]), bounds);
            if (lane % 4 == r) errors = error;
            if (r % 2) scan<true>(codes, a, seen + r - 1);
        }
#pragma unroll
        for (int r = 0; r < 4; r++) verdict[r] = judge(seen[r], __shfl_sync(~0u, errors, lane / 4 * 4 + r));
    }
    settle(seen, verdict, residual - lane, book, bounds.scale, nearest);
}

extern "C" __global__ void __launch_bounds__(RESIDENT)
    rvq_sieve(const float *x, int count, const float *books, const uint4 *codes, const Book *bounds, int *out)
{
#if defined(EMULATE) || __CUDA_ARCH__ >= 800 /* others have no such products */
    DYNAMIC_SHARED(float4, memory);
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, t = lane % 4;
    const int first = (blockIdx.x * (blockDim.x / 32) + warp) * 32 + lane / 4; /* and 8, 16, 24 after it */
    float4 *residual = memory + warp * 4 * STEPS * 32 + lane;
#    pragma unroll 4
    for (int i = 0; i < 4 * STEPS; i++) {
        const int row = first + 8 * (i / STEPS);
        const float4 zero = {0.f, 0.f, 0.f, 0.f};
        residual[32 * i] =
            row < count ? *(const float4 *)(x + (size_t)row * DIM + 16 * (i % STEPS) + 4 * t) : zero;
    }
    for (unsigned stage = 0; stage < STAGES; stage++) {
        const float *book = books + stage * (SIZE * DIM);
        int nearest[4];
        __syncwarp(); /* settle looks at what other lanes have written */
        search(residual, book, codes + stage * (2 * GROUPS * GROUP), bounds[stage], nearest);
        __syncwarp();
#    pragma unroll
        for (int r = 0; r < 4; r++) {
            const int row = first + 8 * r;
            if (t == 0 && row < count) out[(size_t)stage * count + row] = nearest[r];
            const float *code = book + (size_t)nearest[r] * DIM + 4 * t;
#    pragma unroll
            for (int s = 0; s < STEPS; s++) {
                float4 &left = residual[32 * (r * STEPS + s)];
                const float4 c = *(const float4 *)(code + 16 * s), old = left;
                left = make_float4(old.x - c.x, old.y - c.y, old.z - c.z, old.w - c.w);
            }
        }
    }
#endif
}
