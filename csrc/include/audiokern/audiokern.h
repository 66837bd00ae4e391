/* audiokern: fast audio kernels on CPUs. This header includes all the others. */
#ifndef AUDIOKERN_H
#define AUDIOKERN_H

#include <audiokern/common.h>
#include <audiokern/fft.h>
#include <audiokern/limits.h>
#include <audiokern/quantize.h>
#include <audiokern/resample.h>
#include <audiokern/mel.h>
#include <audiokern/stft.h>
#include <audiokern/vq.h>
#include <audiokern/wav.h>

#endif
