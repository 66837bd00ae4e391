#!/bin/bash
# Everything that is to be learnt from a GPU that is lent for ten minutes; ends within nine: bash tools/gpu.sh
#
# It installs nothing: PYTHON (default: python3) has what the harness needs, soundfile, soxr and nvtx among it; what an
# implementation lacks is a row that says so. Under OUT (default: here) it writes results/reference/<gpu>/ and
# reports/reference/<gpu>/. What was done is not done again, and a run that was cut short goes on where it was: call it
# again until it says "all done". Where OUT is named, OUT/gpu.tar.gz is all of it in one file, made anew after each step;
# put it into an empty OUT, of another machine perhaps, and that goes on there. STEPS="mel ncu-mel report-mel" does only
# those. MINUTES (default: 9) is for all of it; REPLICATES (default: 1) are processes for each implementation.
set -u
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
out=${OUT:-.}
archive=${OUT:+$OUT/gpu.tar.gz}
end=$(($(date +%s) + 60 * ${MINUTES:-9}))
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} # also where the project is not installed
gpu=$("$python" -c 'import re, pynvml as n; n.nvmlInit(); name = n.nvmlDeviceGetName(n.nvmlDeviceGetHandleByIndex(0))
print(re.sub("[^a-z0-9]+", "-", name.lower()).strip("-"))') || { echo "no NVIDIA GPU can be seen here" >&2; exit 2; }
lacking=$("$python" -c 'import bench.api, bench.report, bench.worker, bench.measure.gpu as g; g.Gpu()' 2>&1) ||
    { echo "$python cannot run bench: ${lacking##*$'\n'}" >&2; exit 2; }
results=$out/results/reference/$gpu reports=$out/reports/reference/$gpu
[ -d "$results" ] || [ ! -e "$archive" ] || tar -xzf "$archive" -C "$out" || exit 2
mkdir -p "$results" "$reports"
nvidia-smi -q -d CLOCK,POWER,TEMPERATURE,PERFORMANCE >"$reports/before.txt" 2>&1

# step NAME SECONDS COMMAND...: within its own time and what is left; not again where it ended well
step() {
    local name=$1 most=$2 left=$((end - $(date +%s))) began code
    shift 2
    [ -n "${STEPS:-}" ] && [[ " $STEPS " != *" $name "* ]] && return
    [ -e "$results/.done-$name" ] && return
    [ "$left" -lt 15 ] && { echo "== $name: no time left"; unfinished="$unfinished $name"; return; }
    began=$(date +%s)
    # an interrupted run keeps what it has; who does not end then is killed
    timeout -s INT -k 10 "$((most < left - 10 ? most : left - 10))" "$@" >"$reports/$name.txt" 2>&1 </dev/null
    code=$?
    tail -n 40 "$reports/$name.txt"
    echo "== $name: exit $code after $(($(date +%s) - began)) s"
    # 4: somebody failed, which its row tells; what looks for faults and found some (1), or cannot (2, 3), is done, too
    case $name-$code in
        *-0 | *-4 | conformance-1 | crosscheck-[123]) touch "$results/.done-$name" ;;
        *) unfinished="$unfinished $name" ;;
    esac
    pack
}

# pack: whoever is killed while it is written still has the one before
pack() {
    [ -n "$archive" ] || return
    tar -czf "$archive.new" -C "$out" --exclude=.scratch --exclude=.ballast --exclude=.lock \
        "results/reference/$gpu" "reports/reference/$gpu" && mv "$archive.new" "$archive"
}

# run SUITE ARGUMENTS...: an hour of audio in one call, or what the arguments say
run() {
    local suite=$1
    shift
    rm -f "$results/.done-report-$suite"
    if [ -e "$results/$suite/plan.json" ]; then
        "$python" -m bench run --resume "$results/$suite"
    else
        "$python" -m bench run "$suite" --impl all --grid hour --device cuda --budget 1s --replicates "${REPLICATES:-1}" \
            --deadline 120s --out "$results/$suite" "$@"
    fi
}

# profile SUITE ARGUMENTS...: our own kernel's counters, beside its run
profile() {
    local suite=$1
    shift
    command -v ncu >/dev/null || { echo "ncu is not installed here; it comes with the CUDA toolkit"; return; }
    "$python" -m bench profile "$suite" --impl cuda --device cuda --tool ncu --seconds 1s --case seconds=600 \
        --run "$results/$suite" "$@"
}

export -f run profile
export python results
unfinished=
step mel 180 bash -c 'run mel --op log_mel'
step stft 150 bash -c 'run stft --op forward --exclude cupy:signal'
# ten minutes: to check each rival's hour of indices, and to find the ideal answer of an hour, takes longer than all else
step vq 90 bash -c 'run vq --op encode --case seconds=600'
step resample 80 bash -c 'run resample --case seconds=600'
step crosscheck 45 "$python" tools/gpu_crosscheck.py -o "$results/crosscheck.json"
step quantize 50 bash -c 'run quantize'
step ncu-mel 40 bash -c 'profile mel --op log_mel'
step ncu-stft 40 bash -c 'profile stft --case n_fft=400 --case hop_length=160'
step conformance 120 "$python" -m pytest -q -p no:cacheprovider tests/impls/test_conformance.py -k "cuda or cupy or nvmath"
# reports come last: whoever has the results can make them without a GPU
for suite in mel stft vq resample quantize; do
    [ -d "$results/$suite" ] && step "report-$suite" 30 "$python" -m bench report "$results/$suite" -o "$reports/$suite"
done
nvidia-smi -q -d CLOCK,POWER,TEMPERATURE,PERFORMANCE >"$reports/after.txt" 2>&1
pack
[ -z "$unfinished" ] && echo "all done" || { echo "not done:$unfinished; call it again"; exit 1; }
