/* The steps of 256-level mu-law, found by tools/make_mulaw_tables.py from the definition in float64. */
#ifndef AK_MULAW_TABLES_H
#define AK_MULAW_TABLES_H

/* ak_mulaw_steps[k], k = 1 .. 127: the smallest float32 x >= 0 whose code is at least 128 + k. The codes of
 * negative samples mirror them: -x has the code 255 - (128 + k). ak_mulaw_steps[0] is the smallest x > 0 for
 * which -x has the code 127: nearer to zero, 1 + y is 1 in float64. */
extern const float ak_mulaw_steps[128];

/* ak_mulaw_values[q]: the decoded code q. */
extern const float ak_mulaw_values[256];

#endif
