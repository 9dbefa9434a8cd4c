#!/usr/bin/env bash
# Everything that must be shown on a GPU, in one go, on a machine that has nothing but Ubuntu, the CUDA toolkit, a driver and (for comparison)
# PyTorch: no GTK, no meson, no packages to install. `make gpu-folder` makes the folder it runs in; carry that over and say
#
#     ./gpu.sh [--out FOLDER] [--device cuda:0] [--only STEP[,STEP…]] [--cases CASE[,CASE…]] [--limit SECONDS] [--runs N]
#
# Steps, the most telling first, each with a limit of its own so that one that hangs takes nothing from the others:
#     machine      what this is: driver, toolkit, PyTorch, c2l info --devices
#     ops          every operation on the device against the loops in double, all shapes
#     selftest     every recording of the original programs, in each precision
#     training     trainings that stop and go on, gradients that are handed out
#     gl           a picture drawn into a buffer of OpenGL and read back; “no GL here” where there is none of this GPU
#     bench        c2l: drawing, sampling, CLIP, training
#     torch        the same by PyTorch on the same device
#     memcheck, racecheck, initcheck   compute-sanitizer over the operations at small shapes
#     worker       lost and full devices; only with kernels on the host
# One report comes out, FOLDER/report.md, with FOLDER/STEP-….log beside it. Exit status 0 where nothing failed.
#
# With C2L_CUDA_MODULE naming the module whose kernels run on the host, the same script runs on any machine, at small sizes, and says so:
# that is how its own ways are tested (tests/bench/test-gpu.py).
set -u
shopt -s nullglob

here=$(cd "$(dirname "$0")" && pwd)
out=$here/report device=cuda:0 only='' limit=150 runs=20
cases=headline,sg2-1024,sg2-1024-batch,prior,clip,train,sg3-256 # of bench and torch
all='machine ops selftest training gl bench torch memcheck racecheck initcheck worker'

usage ()
{
  sed -n '5p' "$0" | sed 's/^# *//' >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?} ;;
    --device) device=${2:?} ;;
    --only) only=${2:?} ;;
    --limit) limit=${2:?} ;;
    --runs) runs=${2:?} ;;
    --cases) cases=${2:?} ;;
    *) usage ;;
  esac
  shift 2
done
for step in ${only//,/ }; do
  case " $all " in *" $step "*) ;; *) echo "$step: no such step; $all are" >&2; exit 2 ;; esac
done

mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
report=$out/report.md
n_failed=0

# --- unpacking: once

if [ ! -d "$here/files" ]; then
  mkdir "$here/files.part" && python3 -c '
import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2])' "$here/files.tar.xz" "$here/files.part" && mv "$here/files.part" "$here/files" || {
      echo "$here/files.tar.xz cannot be unpacked: carry the whole folder that make gpu-folder made" >&2; exit 1; }
fi
files=$here/files

toolkit=''
for folder in "${CUDA_HOME:-}" /usr/local/cuda "$(dirname "$(dirname "$(command -v nvcc 2>/dev/null || echo /x/x)")")"; do
  [ -n "$folder" ] && [ -d "$folder/lib64" ] && toolkit=$folder && break
done
export LD_LIBRARY_PATH=$files/lib${toolkit:+:$toolkit/lib64}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export C2L_DATA=$files/data C2L_FIXTURES=$files/fixtures C2L_MODULES=$files/lib C2L_TEST_DEVICE=$device
export PATH=$files/bin${toolkit:+:$toolkit/bin}:$PATH LC_ALL=C.UTF-8 OMP_WAIT_POLICY=passive

on_host='' usual=fp16
size=published
if [ -n "${C2L_CUDA_MODULE:-}" ]; then
  on_host=1 usual=f32 size=starter
  export C2L_TEST_MAX_MFLOPS=${C2L_TEST_MAX_MFLOPS:-60}
fi

# --- saying what happened

say ()
{
  printf '%s\n' "$*" | tee -a "$report"
}

# run NAME COMMAND…: a line of the report; the output is a file's. 0 where it succeeded.
run ()
{
  local name=$1 status start=$SECONDS log=$out/$1.log
  shift
  timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 </dev/null
  status=$?
  case $status in
    0) say "| $name | passed | $((SECONDS - start)) s |" ;;
    124 | 137) say "| $name | **not finished** within $limit s | $((SECONDS - start)) s |"; n_failed=$((n_failed + 1)) ;;
    *) say "| $name | **failed** ($status): $(grep -vE '^(#|ok |1\.\.|$)' "$log" | tail -1 | tr '|' '/' | cut -c1-200) | $((SECONDS - start)) s |"
       n_failed=$((n_failed + 1)) ;;
  esac
  return $status
}

skip ()
{
  say "| $1 | skipped: $2 | |"
}

table ()
{
  say ''
  say "| $1 | result | took |"
  say '|---|---|---|'
}

# --- the steps

step_machine ()
{
  say ''
  say '```'
  { nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,compute_cap --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi'
    nvcc --version 2>/dev/null | tail -2 || echo 'no nvcc'
    python3 -c 'import torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda)' 2>/dev/null || echo 'no PyTorch'
    c2l version
    c2l info --devices; } 2>&1 | tee -a "$report"
  say '```'
  if ! c2l info --devices | grep -q "^$device "; then
    say "**$device cannot be used here**; nothing below means anything."
    n_failed=$((n_failed + 1))
    return 1
  fi
}

step_ops ()
{
  table 'operations on the device'
  for program in "$files"/bin/test-ops-* "$files"/bin/test-pass "$files"/bin/test-pass-mistakes "$files"/bin/test-variables; do
    run "$(basename "$program")" "$program" --keep-going --verbose
  done
}

step_selftest ()
{
  local precision folder folders=() name
  table 'recordings of the original'
  while read -r folder; do
    folders+=("$folder")
  done < <(find "$files/fixtures" -name info.json -printf '%h\n' | grep -v /hostile | sort)
  run selftest-f32 c2l selftest --device "$device" --precision f32 "${folders[@]}"
  for precision in fast bf16 fp16; do
    run "selftest-$precision" bash -c 'set -o pipefail; c2l selftest --json "${@:3}" 2>/dev/null | python3 "$1/bench/gpu-report.py" deviations "$2"
        status=("${PIPESTATUS[@]}"); [ "${status[0]}" -le 1 ] && exit "${status[1]}"' - "$files" $precision --device "$device" --precision $precision "${folders[@]}" \
      && say "| | $(tail -2 "$out/selftest-$precision.log" | head -1) | |"
  done
}

step_training ()
{
  table 'training on the device'
  for program in "$files"/bin/test-prior-train "$files"/bin/test-prior-train-runs; do
    run "$(basename "$program")" "$program" --keep-going ${on_host:+-s /prior-train/lowers-the-loss -s /prior-train/resuming-gives-the-same-bits -s /prior-train/sampling-follows-refreshing} \
      -s /prior-train/memory -s /prior-train/threads-do-not-matter
  done
}

step_gl ()
{
  table 'OpenGL'
  if run test-gl-buffer "$files/bin/test-gl-buffer" --verbose && grep -q '# SKIP' "$out/test-gl-buffer.log"; then
    skip test-gl-buffer "$(sed -n 's/.*# SKIP //p' "$out/test-gl-buffer.log" | head -1 | tr '|' '/')"
  fi
}

step_bench ()
{
  local case precision logs=()
  table 'benchmarks'
  for case in ${cases//,/ }; do
    [ "$case" = train ] && continue
    [ $size = starter ] && [ "$case" = sg3-256 ] && continue
    for precision in fp16 bf16 fast f32; do
      [ -n "$on_host" ] && [ $precision != f32 ] && continue
      run "bench-$case-$precision" c2l bench --case $case --size $size --device "$device" --precision $precision --runs "$runs" --json \
        && logs+=("$out/bench-$case-$precision.log")
    done
  done
  for precision in bf16 f32; do
    case ,$cases, in *,train,*) ;; *) continue ;; esac
    [ -n "$on_host" ] && [ $precision != f32 ] && continue
    run "bench-train-$precision" bench-train --device="$device" --precision=$precision --rounds="$runs" --json ${on_host:+--batch=2} \
      && logs+=("$out/bench-train-$precision.log")
  done
  for case in headline prior; do
    case ,$cases, in *,$case,*) ;; *) continue ;; esac
    run "profile-$case" c2l bench --case $case --size $size --device "$device" --precision "$usual" --runs 1 --profile
  done
  [ ${#logs[@]} -gt 0 ] && python3 "$files/bench/gpu-report.py" times "${logs[@]}" | tee -a "$report"
  return 0
}

step_torch ()
{
  local case logs=() by=cuda
  table 'PyTorch'
  if ! python3 -c 'import torch' 2>/dev/null; then
    skip torch 'there is no PyTorch'
    return 0
  fi
  [ -n "$on_host" ] && by=cpu
  for case in ${cases//,/ }; do
    [ "$case" = sg3-256 ] && continue
    run "torch-$case" python3 "$files/bench/torch-gpu.py" --case $case --device $by --runs "$runs" ${on_host:+--tiny} --peers "$files/peers" \
      && logs+=("$out/torch-$case.log")
  done
  [ ${#logs[@]} -gt 0 ] && python3 "$files/bench/gpu-report.py" times "${logs[@]}" | tee -a "$report"
  return 0
}

sanitize ()
{
  local program
  table "compute-sanitizer $1"
  if [ -n "$on_host" ] || ! command -v compute-sanitizer >/dev/null; then
    skip "$1" 'there is no compute-sanitizer, or no GPU'
    return 0
  fi
  for program in "$files"/bin/test-ops-*; do
    # What does not compute much finds as much.
    C2L_TEST_MAX_MFLOPS=5 run "$1-$(basename "$program")" compute-sanitizer --tool "$1" --error-exitcode 9 --require-cuda-init no \
      "$program" --keep-going
  done
  if [ "$1" = memcheck ]; then
    run "$1-selftest" compute-sanitizer --tool "$1" --error-exitcode 9 c2l selftest --quiet --device "$device" "$files"/fixtures/e2e/* \
      "$files/fixtures/training/loss-l1"
  fi
}

step_memcheck () { sanitize memcheck; }
step_racecheck () { sanitize racecheck; }
step_initcheck () { sanitize initcheck; }

step_worker ()
{
  table 'lost and full devices'
  if [ -z "$on_host" ]; then
    skip worker 'a GPU is not broken on purpose'
    return 0
  fi
  run test-cuda-module "$files/bin/test-cuda-module"
}

# ---

: >"$report"
say '# Clip2Latent on a GPU'
say ''
say "$(date -u +%Y-%m-%d), $device${on_host:+, **whose kernels run on the processor: figures mean nothing**}"
for step in ${only:-$all}; do
  for one in ${step//,/ }; do
    say ''
    say "## $one"
    step_$one || { [ $one = machine ] && break 2; }
  done
done
say ''
say "$n_failed failed."
[ $n_failed = 0 ]
