#!/bin/sh
# Measures what results/reference and reports/reference show, on a machine that is at rest: make reference
set -eu
bin=${VENV:-.venv}/bin
# nobody's choice of a library's instructions but its own
unset OPENBLAS_CORETYPE MKL_CBWR ATEN_CPU_CAPABILITY 2>/dev/null || true
machine=$("$bin/python" -c 'from bench.environment import collect, machine_id; print(machine_id(collect()))')
folder=results/reference/$machine
rm -rf "$folder"
for suite in stft mel resample quantize; do
    "$bin/bench" run "$suite" --impl all --out "$folder/$suite" || [ $? = 4 ]
    "$bin/bench" report "$folder/$suite" -o "reports/reference/$suite"
done
# $1: suite, and the name of its run; the rest: as for bench run
measure() {
    "$bin/bench" run "$@" --out "$folder/$1" || [ $? = 4 ]
    "$bin/bench" report "$folder/$1" -o "reports/reference/$1"
}

measure load --impl all --replicates 2 --budget 0.8s --precision 5%
"$bin/python" tools/loading.py "$folder/load" >reports/reference/loading.md
# a thousand frames of 20 ms at pace take 20 s each; a class of one character is the very name, without its variants
plain='stft:c,stft:torch,mel:[!n]*,mulaw:[!t]*,resample:[c],resample:sox[r],resample:samplerate:sinc_best'
codecs='codec:g722,codec:gsm,codec:lc[3],codec:opu[s],codec:spee[x],codec:sbc,mel:c+codec:lc3,mel:c+codec:opus'
measure stream --grid quick --case frame_ms=20 --replicates 1 --impl "$plain,$codecs"
# distortion over rate, of CORPUS (a name or a folder) where it is set, else of the built-in audio
measure vq --grid curve --op encode --impl '[c],numpy,torc[h],vector-quantize-pytorch,faiss' --budget 0.2s --replicates 2 \
    --precision 5% --corpus "${CORPUS:-builtin}"
sh tools/neural_codecs.sh
sh tools/kernels.sh
"$bin/python" tools/selftest.py
