#!/bin/sh
# Measures what reports/reference/neural-codecs.md shows, one model at a time, on a machine that is at rest.
# usage: sh tools/neural_codecs.sh [IMPL...]   (default: all of them)
set -eu
bin=${VENV:-.venv}/bin
machine=$("$bin/python" -c 'from bench.environment import collect, machine_id; print(machine_id(collect()))')
folder=results/reference/$machine/neural

# $1: implementation; $2: kbit/s; $3: its own rate, so that nothing is resampled; $4: channels; $5: seconds; $6: others beside it
measure() {
    out=$folder/$(printf %s "$1" | tr : -)
    rm -rf "$out"
    # a class of one character: the very name, without its variants
    "$bin/bench" run codec --impl "${1%?}[${1#"${1%?}"}]${6:+,$6}" --bitrate "$2" --case "sample_rate=$3" --case "channels=$4" --case "seconds=${5:-4}" \
        --metrics none --asr none --replicates 2 --budget 4s --precision 5% --deadline 600s --out "$out" || [ $? = 4 ]
}

[ $# -gt 0 ] || set -- encodec encodec:entropy encodec:bfloat16 encodec:int8 encodec:compile encodec:onnx encodec48 \
    mimi mimi:bfloat16 mimi:int8 mimi:onnx mimi:moshi dac16 dac24 dac44 dac44:bfloat16 dac44:onnx snac soundstream bsq_vit
for impl in "$@"; do
    case $impl in
    encodec48) measure "$impl" 6 48000 2 ;;
    encodec* | soundstream*) measure "$impl" 6 24000 1 ;;
    mimi*) measure "$impl" 1.1 24000 1 ;;
    dac16*) measure "$impl" 6 16000 1 ;;
    dac24*) measure "$impl" 24 24000 1 ;;
    dac44*) measure "$impl" 7.752 44100 1 ;;
    snac*) measure "$impl" 0.98 24000 1 ;;
    bsq_vit) measure "$impl" 0.9 16000 1 10.24 'bsq_vit:conformer*' ;; # a picture; side by side: what the convolution costs
    *) echo "no settings for $impl" >&2; exit 2 ;;
    esac
done
"$bin/python" tools/neural_codecs.py "$folder"/* >reports/reference/neural-codecs.md
