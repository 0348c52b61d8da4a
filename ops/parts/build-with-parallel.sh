#!/usr/bin/env bash
# Builds an index in parts on this machine, and on others over ssh, with GNU parallel (Debian, Homebrew: "parallel").
#   ops/parts/build-with-parallel.sh PARTS OUT BUILD-OPTIONS...
# e.g. ops/parts/build-with-parallel.sh 16 var/town --bundle general --imagery demo/mosaic.tif --area demo/area.geojson
# Started again, it makes only what is missing. Environment:
#   SKYFIX    the command (default: npx skyfix)
#   JOBS      parts at a time on a machine (default: one for each two cores)
#   THREADS   threads of each (default: 2)
#   XARGS     1: do without GNU parallel though it is there
#   SSHLOGIN  other machines, as parallel's --sshlogin takes them: "4/host-a,4/host-b,:"; the same paths must be there
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
parts=$1 out=$2
shift 2
skyfix=${SKYFIX:-npx skyfix}
cores=$(getconf _NPROCESSORS_ONLN)
jobs=${JOBS:-$(((cores + 1) / 2))}
# Descriptors are of one engine; "auto" may choose another one on another machine.
export SKYFIX_ENGINE=${SKYFIX_ENGINE:-onnxruntime}
build="$skyfix index build --threads ${THREADS:-2} --out $(printf %q "$out.parts")$(printf ' %q' "$@")"
if [ -z "${XARGS:-}" ] && command -v parallel >/dev/null; then
  seq "$parts" | parallel --will-cite --jobs "$jobs" --retries 3 --halt soon,fail=1 --line-buffer --tag \
    ${SSHLOGIN:+--sshlogin "$SSHLOGIN" --workdir . --env SKYFIX_ENGINE} "$build --part {}/$parts"
else
  echo "without GNU parallel: xargs -P, on this machine only" >&2
  seq "$parts" | xargs -P "$jobs" -I{} bash -c "$build --part {}/$parts"
fi
# The index is there, whole, or not at all; then the parts are of no more use.
$skyfix index assemble "$out".parts/part-*-of-"$parts" --out "$out"
rm -r "$out.parts"
