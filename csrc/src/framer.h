/* Frames of a signal, W at a time, laid out so that overlapping frames share their samples.
 *
 * The extended signal is cut into columns of `hop` samples. Sample j of frame m lies in column m + j / hop at
 * row j % hop, so with sheet[row][column] one vector load at sheet[j % hop][m + j / hop] yields sample j of
 * the W frames m .. m + W - 1: each sample is transposed once however much the frames overlap.
 *
 *     column:   m     m+1    m+2   ...                 frame m   = columns m, m+1, (part of) m+2
 *     row 0   x[0]   x[h]   x[2h]                      frame m+1 = columns m+1, m+2, ...
 *     row 1   x[1]   x[h+1] ...                        W frames  = the same rows, W columns side by side
 *
 * The sheet is a ring of column blocks of W columns. A view spans `span` blocks (2 unless the overlap exceeds
 * W frames); block c is written at ring place c % span and, so that every view is contiguous, a second time
 * span places further on: 2 span - 1 places in all.
 */
#ifndef AK_FRAMER_H
#define AK_FRAMER_H

#include "rfft.h"
#include "stft_config.h"

typedef struct ak_framer {
    const ak_rfft_kernels *kernels;
    ak_rfft fft;
    ak_stft_config config; /* without the window */
    size_t width;          /* frames at a time */
    size_t rows;           /* of the sheet: min(hop, samples of a frame) */
    size_t span;           /* column blocks in a view */
    size_t stride;         /* floats from row to row */
    int32_t *offset;       /* of each sample in the order of pass 0, from the start of a view */
    float *gain;           /* the window, in that order */
} ak_framer;

/* use: AK_FORWARD or AK_POWER. Errors: those of ak_stft_check, AK_ERR_SIZE, AK_ERR_MEMORY. Whatever it
 * returns, ak_framer_free releases. */
ak_status ak_framer_init(ak_framer *f, const ak_stft_config *config, ak_isa isa, ak_use use);
void ak_framer_free(ak_framer *f);

/* Floats of scratch that a walk needs; a multiple of 16. */
size_t ak_framer_floats(const ak_framer *f);

/* A walk over the blocks of W frames of one signal. */
typedef struct ak_walk {
    const ak_framer *framer;
    const float *signal;
    size_t samples;
    ptrdiff_t end; /* one past the last sample that a frame reaches; what lies beyond does not matter */
    float *sheet;
    float *edge;  /* W rows of padded samples, where a block leaves the signal */
    size_t block; /* the next one */
} ak_walk;

/* Starts at frame first_block * W. scratch: ak_framer_floats() floats, aligned to 64. */
ak_walk ak_walk_start(const ak_framer *f, const float *signal, size_t samples, size_t first_block,
                      float *scratch);

/* The view of the next block of frames: samples + offset[] for kernels->forward. */
const float *ak_walk_next(ak_walk *w);

/* What to fetch during the transform of the block that ak_walk_next last gave: the samples of the next one,
 * and `bytes` at `to` that this block will be written to (0: nothing, or not in one piece). */
ak_ahead ak_walk_ahead(const ak_walk *w, const float *to, size_t bytes);

/* Instead of `bytes`: a line in each of some rows, `step` bytes apart. */
void ak_walk_ahead_rows(ak_ahead *ahead, const float *to, size_t rows, size_t step);

#endif
