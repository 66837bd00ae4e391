/* From a dense filter bank to its bands: see mel.h. */
#ifndef AK_BANDS_H
#define AK_BANDS_H

#include "mel.h"

/* dense: count x bins, row by row. A band may reach up to three bins beyond the last, with zero weights: they
 * must be there and finite. Errors: AK_ERR_MEMORY. ak_bands_free releases whatever happened. */
ak_status ak_bands_init(ak_bands *t, const float *dense, int count, int bins);
void ak_bands_free(ak_bands *t);

#endif
