/* Scores as a matrix product in registers, and the two lowest of each row, never stored.
 *
 * ROWS vectors meet one panel at a time: ROWS x PANEL vectors of sums stay in registers over all of dim. A
 * panel is used for every row of the block before the next one is touched, so it is read from level 1. The
 * two lowest scores are kept per lane (state) and only merged over lanes at the end.
 */
#include "vq.h"
#include "simd_int.h"

#include <math.h>

#if defined(AK_BUILD_AVX512)
#    define PANEL 4 /* vectors of a panel's row */
#elif defined(AK_BUILD_AVX2)
#    define PANEL 2
#elif defined(AK_BUILD_NEON)
#    define PANEL 4
#else
#    define PANEL 2
#endif
#if defined(AK_BUILD_AVX512) || defined(AK_BUILD_AVX2) || defined(AK_BUILD_NEON)
#    define ROWS 6
#else
#    define ROWS 4
#endif
#define COLUMNS (PANEL * AK_W)

typedef struct lanes {
    v_f32 best, runner_up;
    v_i32 index; /* of the first codeword of the vector where best was found */
} lanes;

AK_INLINE void panel_scores(const int rows, const float *panel, const float *half_norms, size_t dim,
                            const float *x, size_t stride, v_f32 sum[ROWS][PANEL])
{
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(8)
        for (int v = 0; v < PANEL; v++) sum[r][v] = v_load(half_norms + v * AK_W);
    }
    for (size_t d = 0; d < dim; d++, panel += COLUMNS) {
        v_f32 c[PANEL];
        AK_UNROLL(8)
        for (int v = 0; v < PANEL; v++) c[v] = v_load(panel + v * AK_W);
        AK_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            v_f32 xd = v_set1(x[(size_t)r * stride + d]);
            AK_UNROLL(8)
            for (int v = 0; v < PANEL; v++) sum[r][v] = v_fnma(xd, c[v], sum[r][v]);
        }
    }
}

/* NaN scores end in runner_up == best: the caller then looks again. */
AK_INLINE void keep_best(lanes *l, v_f32 score, int32_t index)
{
    v_i32 better = score < l->best;
    l->runner_up = v_min(l->runner_up, v_max(score, l->best));
    l->best = v_min(score, l->best);
    l->index = (better & (index - (v_i32){0})) | (~better & l->index);
}

AK_INLINE void search_panel(const int rows, const ak_panels *p, size_t panel, const float *x, size_t stride,
                            lanes *state)
{
    v_f32 sum[ROWS][PANEL];
    panel_scores(rows, p->codewords + panel * p->dim * COLUMNS, p->half_norms + panel * COLUMNS, p->dim, x,
                 stride, sum);
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(8)
        for (int v = 0; v < PANEL; v++)
            keep_best(&state[r], sum[r][v], (int32_t)(panel * COLUMNS) + v * AK_W);
    }
}

static ak_vq_best merge_lanes(const lanes *l)
{
    ak_vq_best b = {INFINITY, INFINITY, 0};
    for (int i = 0; i < AK_W; i++) {
        if (l->best[i] < b.score) {
            b.runner_up = b.score;
            b.score = l->best[i];
            b.index = l->index[i] + i;
        } else if (l->best[i] < b.runner_up) {
            b.runner_up = l->best[i];
        }
        if (l->runner_up[i] < b.runner_up) b.runner_up = l->runner_up[i];
    }
    return b;
}

static void search(const ak_panels *p, const float *x, size_t stride, size_t count, void *state,
                   ak_vq_best *best)
{
    lanes *l = state;
    const v_f32 infinity = v_set1(INFINITY);
    for (size_t i = 0; i < count; i++) l[i] = (lanes){infinity, infinity, {0}};
    for (size_t panel = 0; panel < p->panels; panel++) {
        size_t i = 0;
        for (; i + ROWS <= count; i += ROWS) search_panel(ROWS, p, panel, x + i * stride, stride, l + i);
        for (; i < count; i++) search_panel(1, p, panel, x + i * stride, stride, l + i);
    }
    for (size_t i = 0; i < count; i++) best[i] = merge_lanes(&l[i]);
}

static void score(const ak_panels *p, const float *x, float *scores)
{
    for (size_t panel = 0; panel < p->panels; panel++) {
        v_f32 sum[ROWS][PANEL];
        panel_scores(1, p->codewords + panel * p->dim * COLUMNS, p->half_norms + panel * COLUMNS, p->dim, x,
                     0, sum);
        AK_UNROLL(8)
        for (int v = 0; v < PANEL; v++) v_store(scores + panel * COLUMNS + v * AK_W, sum[0][v]);
    }
}

static void add(float *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W) v_store(to + i, v_load(to + i) + v_load(from + i));
    for (; i < count; i++) to[i] += from[i];
}

static void take(float *from, const float *what, const float *more, size_t count)
{
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W)
        v_store(from + i, v_load(from + i) - (v_load(what + i) + v_load(more + i)));
    for (; i < count; i++) from[i] -= what[i] + more[i];
}

#define TURNED 2 /* vectors of columns at a time */
#define CHAIN 32 /* products added one by one, so that errors stay small: see turning_error in vq_turn.c */

/* Rows of y, AK_AXES_DIM floats apart, times the matrix. */
AK_INLINE void turn_rows(const int rows, const float *matrix, size_t columns, size_t dim, const float *y,
                         float *to)
{
    for (size_t c = 0; c < columns; c += TURNED * AK_W) {
        v_f32 total[ROWS][TURNED] = {{{0}}};
        for (size_t first = 0; first < dim; first += CHAIN) {
            size_t stop = first + CHAIN < dim ? first + CHAIN : dim;
            v_f32 sum[ROWS][TURNED] = {{{0}}};
            for (size_t d = first; d < stop; d++) {
                v_f32 m[TURNED];
                AK_UNROLL(2)
                for (int v = 0; v < TURNED; v++) m[v] = v_load(matrix + d * columns + c + v * AK_W);
                AK_UNROLL(6)
                for (int r = 0; r < rows; r++) {
                    v_f32 yd = v_set1(y[(size_t)r * AK_AXES_DIM + d]);
                    AK_UNROLL(2)
                    for (int v = 0; v < TURNED; v++) sum[r][v] = v_fma(yd, m[v], sum[r][v]);
                }
            }
            for (int r = 0; r < rows; r++)
                for (int v = 0; v < TURNED; v++) total[r][v] += sum[r][v];
        }
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < TURNED; v++) v_store(to + (size_t)r * columns + c + v * AK_W, total[r][v]);
    }
}

static void turn(const float *matrix, size_t columns, size_t dim, const float *mean, const float *x,
                 size_t stride, size_t count, float *to)
{
    float y[ROWS * AK_AXES_DIM];
    for (size_t i = 0; i < count; i += ROWS) {
        size_t rows = count - i < ROWS ? count - i : ROWS;
        for (size_t r = 0; r < rows; r++)
            for (size_t d = 0; d < dim; d++) y[r * AK_AXES_DIM + d] = x[(i + r) * stride + d] - mean[d];
        if (rows == ROWS)
            turn_rows(ROWS, matrix, columns, dim, y, to + i * columns);
        else
            for (size_t r = 0; r < rows; r++)
                turn_rows(1, matrix, columns, dim, y + r * AK_AXES_DIM, to + (i + r) * columns);
    }
}

static float square(const float *x, size_t count)
{
    v_f32 sums = {0};
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W) sums = v_fma(v_load(x + i), v_load(x + i), sums);
    float sum = 0;
    for (; i < count; i++) sum += x[i] * x[i];
    for (int l = 0; l < AK_W; l++) sum += sums[l];
    return sum;
}

static void subtract(double *left, float *rounded, const float *from, const float *codeword, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        left[i] = (from ? (double)from[i] : left[i]) - codeword[i];
        rounded[i] = (float)left[i];
    }
}

const ak_vq_kernels AK_NAME(ak_vq_kernels) = {
    .columns = COLUMNS,
    .state_bytes = sizeof(lanes),
    .search = search,
    .score = score,
    .square = square,
    .add = add,
    .take = take,
    .turn = turn,
    .subtract = subtract,
};
