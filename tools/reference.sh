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
"$bin/bench" run load --impl all --op epoch --replicates 2 --budget 0.8s --precision 5% --out "$folder/load" || [ $? = 4 ]
"$bin/bench" report "$folder/load" -o reports/reference/load
"$bin/python" tools/loading.py "$folder/load" >reports/reference/loading.md
sh tools/kernels.sh
"$bin/python" tools/selftest.py
