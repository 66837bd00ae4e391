/* Tables of the sieve: see vq_sieve.h. */
#include "vq_sieve.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_DIM 16    /* below, float32 is as fast */
#define MOST_DIM 16384  /* sums of so many products fit 31 bits with room */
#define SMALLEST 1e-15f /* squares of components between these two neither vanish nor overflow */
#define HUGEST 1e15f
#define TOGETHER_SUMS (48 << 10) /* of vectors sifted together: they stay in level 2 */
#define PEAK 2.8 /* the largest component of a vector over their root mean square, typically */

const ak_sieve_kernels *ak_sieve_select(ak_isa isa)
{
    AK_IF_AVX512(
        if (isa == AK_ISA_AVX512 && ak_cpu_icelake() && ak_cpu_split512()) return &ak_sieve_kernels_split512;)
    AK_IF_AMX(if (isa == AK_ISA_AVX512 && ak_cpu_amx()) return &ak_sieve_kernels_amx;)
    AK_IF_AVX512(if (isa == AK_ISA_AVX512 && ak_cpu_icelake()) return &ak_sieve_kernels_icelake;)
    AK_IF_AVXVNNI(if (isa == AK_ISA_AVX2 && ak_cpu_avxvnni()) return &ak_sieve_kernels_avxvnni;)
    AK_IF_AVX2(if (isa == AK_ISA_AVX512 || isa == AK_ISA_AVX2) return &ak_sieve_kernels_avx2;)
    (void)isa;
    return NULL;
}

size_t ak_sieve_together(const ak_sieve_kernels *kernels, size_t size)
{
    size_t rows = TOGETHER_SUMS / ak_round_up(size, kernels->columns) / kernels->rows * kernels->rows;
    return rows < kernels->rows ? kernels->rows : rows > AK_SIEVE_TOGETHER ? AK_SIEVE_TOGETHER : rows;
}

static void find_mean(ak_sieve *s, const float *codebook, size_t size)
{
    double square = 0;
    for (size_t d = 0; d < s->dim; d++) {
        double sum = 0;
        for (size_t k = 0; k < size; k++) sum += codebook[k * s->dim + d];
        s->mean[d] = (float)(sum / (double)size);
        square += (double)s->mean[d] * s->mean[d];
    }
    s->mean_norm = sqrt(square);
}

/* The largest component of all c - m; NaN where one is. */
static double highest(const ak_sieve *s, const float *codebook, size_t size)
{
    double most = 0;
    for (size_t i = 0; i < size * s->dim; i++) {
        double size_of = fabs((double)codebook[i] - s->mean[i % s->dim]);
        if (!(size_of <= most)) most = size_of;
        if (isnan(most)) break; /* or the next would be taken for larger */
    }
    return most;
}

static double highest_of(const ak_sieve *s, const float *c)
{
    double most = 0;
    for (size_t d = 0; d < s->dim; d++) most = fmax(most, fabs((double)c[d] - s->mean[d]));
    return most;
}

typedef struct ranked {
    double key;
    int32_t index;
} ranked;

static int by_key(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* (a - m) (b - m) */
static double product(const ak_sieve *s, const float *a, const float *b)
{
    double sum = 0;
    for (size_t d = 0; d < s->dim; d++) sum += ((double)a[d] - s->mean[d]) * ((double)b[d] - s->mean[d]);
    return sum;
}

/* Along the line from the mean to the codeword that is farthest from it: what lies together there is similar,
 * or near the mean. Halving along principal axes again and again leaves no fewer candidates. Within a panel
 * by what is beyond the axes, or by size, where neighbours share a bound and a scale. */
static ak_status sort_codewords(ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook,
                                size_t size, const ak_sieve_whole *whole)
{
    const float *farthest = codebook;
    double most = -1;
    ranked *r = ak_alloc(size * sizeof *r);
    if (!r) return AK_ERR_MEMORY;
    for (size_t k = 0; k < size; k++) {
        const float *c = codebook + k * s->dim;
        double square = product(s, c, c);
        if (square > most) farthest = c;
        most = fmax(square, most);
    }
    for (size_t k = 0; k < size; k++)
        r[k] = (ranked){product(s, codebook + k * s->dim, farthest), (int32_t)k};
    qsort(r, size, sizeof *r, by_key);
    for (size_t first = 0; kernels->alike > 1 && first < size; first += kernels->columns) {
        size_t count = size - first < kernels->columns ? size - first : kernels->columns;
        for (size_t i = first; i < first + count; i++) {
            const float *c = codebook + (size_t)r[i].index * s->dim;
            r[i].key = whole ? whole->squares[r[i].index] - product(s, c, c) : highest_of(s, c);
        }
        qsort(r + first, count, sizeof *r, by_key);
    }
    for (size_t k = 0; k < size; k++) s->order[k] = r[k].index;
    free(r);
    return AK_OK;
}

/* The mean of the c - m of the codewords from `first` to before `stop`, which are a panel. */
static float *find_middle(ak_sieve *s, const float *codebook, size_t panel, size_t first, size_t stop)
{
    float *middle = s->middles + panel * s->apart;
    for (size_t d = 0; d < s->dim; d++) {
        double sum = 0;
        for (size_t k = first; k < stop; k++)
            sum += (double)codebook[(size_t)s->order[k] * s->dim + d] - s->mean[d];
        middle[d] = (float)(sum / (double)(stop - first));
    }
    return middle;
}

/* The least scale at which products with the codeword fit sums of 16 bits; 0 where sums have 32. */
static double scale_needed(const ak_sieve *s, const ak_sieve_kernels *kernels, const float *c)
{
    double most = 0;
    for (size_t first = 0; first < s->dim && kernels->chunk; first += kernels->chunk) {
        double squares[2] = {0};
        for (size_t d = first; d < s->dim && d < first + kernels->chunk; d++)
            squares[d / 2 % 2] += ((double)c[d] - s->mean[d]) * ((double)c[d] - s->mean[d]);
        most = fmax(most, fmax(squares[0], squares[1]));
    }
    return kernels->chunk ? sqrt(most) / kernels->room : 0;
}

/* One scale for the codewords from place k to before `stop`. */
static float scale_for(const ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook, size_t k,
                       size_t stop)
{
    double scale = 0;
    for (; k < stop; k++) {
        const float *c = codebook + (size_t)s->order[k] * s->dim;
        scale = fmax(scale, fmax(highest_of(s, c) / kernels->levels, scale_needed(s, kernels, c)));
    }
    return (float)scale;
}

/* Takes back what the vectors' offset adds to the products with component d, which is p, of the codeword at
 * place k: from one sum, or modulo 2^16 from that of the two of its chunk that the component is added to. */
static void take_offset(ak_sieve *s, const ak_sieve_kernels *kernels, size_t k, size_t d, int32_t p)
{
    if (!kernels->chunk) {
        s->start[k] -= kernels->offset * p;
        return;
    }
    int32_t *start = s->start + d / kernels->chunk * s->panels * kernels->columns + k;
    uint32_t half = d / 2 % 2 ? 16 : 0, bits = (uint32_t)*start;
    uint32_t sum = (bits >> half) - (uint32_t)(kernels->offset * p);
    *start = (int32_t)((bits & ~(0xffffu << half)) | (sum & 0xffff) << half);
}

static void round_codeword(ak_sieve *s, const ak_sieve_kernels *kernels, const float *c, const float *middle,
                           const ak_sieve_whole *whole, size_t k)
{
    size_t columns = kernels->columns, panel = k / columns, column = k % columns;
    double square = 0, left = 0, spread = 0, known = 0, middle_square = 0;
    const float scale = s->scales[k];
    for (size_t d = 0; d < s->dim; d++) {
        double x = (double)c[d] - s->mean[d];
        double p = scale > 0 ? rint(x / scale) : 0;
        if (p > kernels->levels) p = kernels->levels;
        if (p < -kernels->levels) p = -kernels->levels;
        s->codewords[((panel * s->padded / 4 + d / 4) * columns + column) * 4 + d % 4] = (int8_t)p;
        double f = x - p * scale, apart = x - middle[d];
        take_offset(s, kernels, k, d, (int32_t)p);
        square += x * x;
        left += f * f;
        spread += apart * apart;
        known += middle[d] * f;
        middle_square += (double)middle[d] * middle[d];
    }
    double all = whole ? whole->squares[s->order[k]] : square, lost = whole ? whole->defect * sqrt(all) : 0;
    double within = sqrt(square) + lost, rounding = sqrt(left) + lost;
    s->half_norms[k] = (float)(all / 2);
    s->reach[k] = (float)(rounding + s->balance * within);
    s->fine_norms[k] = (float)(all / 2 - known - sqrt(middle_square) * lost);
    s->rounding[k] = (float)rounding;
    s->spread[k] = (float)(sqrt(spread) + lost);
    s->largest = fmax(s->largest, sqrt(all));
    if (whole) {
        double least = fmax(0, sqrt(square) - lost);
        s->beyond[k] = (float)(1.0001 * sqrt(fmax(0, all - least * least)));
    }
}

/* What a panel's codewords, the last of which are before `stop`, have in common by groups. */
static void find_common(ak_sieve *s, const ak_sieve_kernels *kernels, size_t panel, size_t stop)
{
    size_t groups = kernels->columns / kernels->alike, first = panel * kernels->columns;
    float *reach = s->common + panel * 3 * groups, *beyond = reach + groups, *scale = beyond + groups;
    for (size_t k = first; k < stop; k++) {
        size_t group = (k - first) / kernels->alike;
        reach[group] = fmaxf(reach[group], s->reach[k]);
        if (s->beyond) beyond[group] = fmaxf(beyond[group], s->beyond[k]);
        scale[group] = s->scales[k];
    }
}

static void round_codewords(ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook, size_t size,
                            const ak_sieve_whole *whole)
{
    for (size_t panel = 0; panel < s->panels; panel++) {
        size_t first = panel * kernels->columns, stop = first + kernels->columns;
        if (stop > size) stop = size;
        const float *middle = find_middle(s, codebook, panel, first, stop);
        for (size_t k = first; k < stop; k++) {
            size_t group = k - k % kernels->alike, last = group + kernels->alike;
            s->scales[k] =
                k > group ? s->scales[k - 1] : scale_for(s, kernels, codebook, k, last < stop ? last : stop);
            round_codeword(s, kernels, codebook + (size_t)s->order[k] * s->dim, middle, whole, k);
        }
        if (s->common) find_common(s, kernels, panel, stop);
    }
    for (size_t k = size; k < s->panels * kernels->columns; k++)
        s->half_norms[k] = s->fine_norms[k] = INFINITY;
}

static int allocate(ak_sieve *s, const ak_sieve_kernels *kernels, size_t codewords, int turned)
{
    size_t chunks = kernels->chunk ? (s->padded + kernels->chunk - 1) / kernels->chunk : 1;
    if (turned) s->beyond = ak_alloc(codewords * sizeof *s->beyond);
    if (kernels->alike > 1) s->common = ak_alloc(3 * codewords / kernels->alike * sizeof *s->common);
    s->codewords = ak_alloc(codewords * s->padded);
    s->order = ak_alloc(codewords * sizeof *s->order);
    s->start = ak_alloc(chunks * codewords * sizeof *s->start);
    s->half_norms = ak_alloc(codewords * sizeof *s->half_norms);
    s->scales = ak_alloc(codewords * sizeof *s->scales);
    s->reach = ak_alloc(codewords * sizeof *s->reach);
    s->fine_norms = ak_alloc(codewords * sizeof *s->fine_norms);
    s->rounding = ak_alloc(codewords * sizeof *s->rounding);
    s->spread = ak_alloc(codewords * sizeof *s->spread);
    s->middles = ak_alloc(s->panels * s->apart * sizeof *s->middles);
    s->mean = ak_alloc((s->dim + AK_ALIGN) * sizeof *s->mean); /* vectors read beyond */
    return s->codewords && s->order && s->start && s->half_norms && s->scales && s->reach && s->fine_norms &&
           s->rounding && s->spread && s->middles && s->mean && (s->beyond || !turned) &&
           (s->common || kernels->alike == 1);
}

ak_status ak_sieve_init(ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook, size_t size,
                        size_t dim, const ak_sieve_whole *whole)
{
    *s = (ak_sieve){.dim = dim, .whole = whole ? whole->dim : dim};
    if (!kernels || dim < LEAST_DIM || dim > MOST_DIM || size < kernels->columns) return AK_OK;
    s->padded = ak_round_up(dim, kernels->step);
    s->panels = (size + kernels->columns - 1) / kernels->columns;
    s->stride = ak_sieve_together(kernels, size) * kernels->columns;
    size_t codewords = s->panels * kernels->columns;
    s->apart = ak_round_up(dim, AK_ALIGN / sizeof(float));
    if (!allocate(s, kernels, codewords, whole != NULL)) return AK_ERR_MEMORY;
    if (whole)
        s->mean_norm = whole->mean_norm;
    else
        find_mean(s, codebook, size);
    double most = highest(s, codebook, size);
    if (!(most == 0 || (most > SMALLEST && most < HUGEST))) return AK_OK;
    s->balance = PEAK / sqrt(12) / kernels->levels;
    s->inverse_balance = 1 / s->balance;
    ak_status status = sort_codewords(s, kernels, codebook, size, whole);
    if (status) return status;
    round_codewords(s, kernels, codebook, size, whole);
    s->most = size / 4 < AK_SIEVE_MOST ? size / 4 : AK_SIEVE_MOST;
    s->usable = s->mean_norm < HUGEST && s->largest <= HUGEST * sqrt((double)s->whole);
    return AK_OK;
}

void ak_sieve_free(ak_sieve *s)
{
    free(s->codewords);
    free(s->order);
    free(s->start);
    free(s->half_norms);
    free(s->scales);
    free(s->reach);
    free(s->fine_norms);
    free(s->rounding);
    free(s->spread);
    free(s->beyond);
    free(s->common);
    free(s->middles);
    free(s->mean);
    *s = (ak_sieve){0};
}

/* What x - m lost: it was rounded, and so was x itself where it is what a stage left. */
static double lost(const ak_sieve *s, double norm)
{
    return 0x1p-23 * (norm + s->mean_norm);
}

/* Of a sum of squares in float32, relative: 31 at most are added one by one, the others in 8 lanes or more.
 */
static double sum_error(const ak_sieve *s)
{
    return 0x1p-24 * ((double)s->whole / 8 + 48);
}

int ak_sieve_weigh(const ak_sieve *s, ak_sieve_row *row)
{
    row->weight = row->lost = row->slack = row->beyond = 0;
    if (!(row->highest == 0 || (row->highest > SMALLEST && row->highest < HUGEST))) return 0;
    if (!(row->drift < HUGEST && row->square <= HUGEST * HUGEST * (float)s->whole)) return 0;
    double norm = sqrt(row->square), missed = lost(s, norm) + row->drift, error = row->error + missed;
    if (s->beyond) {
        double most = sqrt(row->square + (double)s->whole * 0x1p-126) * (1 + sum_error(s)) + lost(s, norm);
        double least = fmax(0, row->within * (1 - sum_error(s)) - missed);
        row->beyond = (float)(1.0001 * sqrt(fmax(0, most * most - least * least)));
    }
    /* 1.01: the norms are sums in float32, and the scores' errors are rounded, too */
    double one = (s->beyond ? row->within : norm) + row->error, other = error * s->inverse_balance;
    row->weight = (float)(1.01 * (one > other ? one : other));
    /* of e g: what e lost, and the sum in float32; |g| <= max |c - m| */
    row->lost = (float)(1.01 * missed);
    row->slack = (float)(1.01 * s->largest * (missed + row->error * sum_error(s)));
    return 1;
}

/* |x - c| at most, where float32 calls its square `near`; 2^-130: the squares may have vanished */
static double distance_at_most(const ak_sieve *s, double norm, float near)
{
    return sqrt(near + 0x1p-130) * (1 + sum_error(s)) + lost(s, norm);
}

float ak_sieve_limit(const ak_sieve *s, const ak_sieve_row *row, float near)
{
    double norm = sqrt(row->square), most = distance_at_most(s, norm, near);
    /* of |x - m|^2, half */
    double error = norm * lost(s, norm) + row->square * sum_error(s);
    /* 2^-20: a score's half norm, the scales' product, two roundings more, and that of the limit itself */
    return (float)((most * most - row->square) / 2 + error + 0x1p-20 * (norm + s->largest) * s->largest);
}

float ak_sieve_rivals(const ak_sieve *s, const ak_sieve_row *row, float near)
{
    double norm = sqrt(row->square), most = distance_at_most(s, norm, near);
    most = (most + lost(s, norm)) * (1 + sum_error(s));
    return (float)(most * most * (1 + 0x1p-23) + 0x1p-130);
}
