#!/bin/sh
# Measures the C kernels beside the libraries, on a machine that is at rest, and writes
# reports/reference/cpu-kernels.md: make kernels
# usage: sh tools/kernels.sh [RUN...]   (default: all of them; the others stay as they were measured)
set -eu
bin=${VENV:-.venv}/bin
# nobody's choice of a library's instructions but its own
unset OPENBLAS_CORETYPE MKL_CBWR ATEN_CPU_CAPABILITY AUDIOKERN_ISA 2>/dev/null || true
machine=$("$bin/python" -c 'from bench.environment import collect, machine_id; print(machine_id(collect()))')
folder=results/reference/$machine/kernels
only=" $* "
rm -f "${BENCH_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/audio-bench}/limits-$machine.json" # measured anew, now that it is at rest

# $1: the name of the run; the rest: as for bench run. That somebody failed (4) is told by the rows.
measure() {
    name=$1
    shift
    case $only in "  " | *" $name "*) ;; *) return 0 ;; esac
    rm -rf "${folder:?}/$name"
    "$bin/bench" run "$@" --grid kernels --out "$folder/$name" || [ $? = 4 ]
}

measure mel mel --peak --op mel --impl c,torch,torchaudio,librosa,numpy,scipy,pyfftw,dali,ipp --exclude '*:kaldi'
measure stft stft --impl c,torch,ipp,mkl_fft --exclude c:plain
measure fft fft --peak --impl c,ipp,mkl_fft
measure vq vq --peak --op encode --impl c,numpy,torch,faiss
measure resample resample --impl 'c:hq*,c:low*,c:vhq,soxr:HQ,soxr:VHQ,torchaudio' --exclude torchaudio:kaiser_best
measure quantize quantize --op encode --impl c,numpy,torchaudio
# ours alone, on one thread and on two, with what the machine gives on one and on two; one long signal is harder to
# share than many; one round says little, for hosts give two processors one core now and then
shared='--threads 1,2 --budget 5s --precision 0'
measure threads-mel mel --peak --op mel --impl c --exclude 'c:*' $shared --case batch=1 --case seconds=60
measure threads-stft stft --peak --impl c --exclude 'c:*' $shared --case batch=1 --case seconds=60
measure threads-vq vq --peak --op encode --impl c --exclude 'c:*' $shared
measure threads-resample resample --peak --impl c:hq $shared
measure threads-quantize quantize --peak --op encode --impl c --exclude 'c:*' $shared

"$bin/python" tools/kernel_machines.py results/reference/*/kernels --misses docs/kernel-misses.md \
    -o reports/reference/cpu-kernels.md
