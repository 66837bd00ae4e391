/* The forward FFT in double: the same text. */
#define AK_DOUBLE
#include "kernels/lanes_forward.c"
