#!/usr/bin/env bash
# Builds an index in parts as a Slurm job array, and assembles it when all parts are there:
#   array=$(sbatch --parsable --array=1-16 ops/parts/slurm.sh part --bundle general --imagery /data/town.tif --area /data/town.geojson)
#   sbatch --dependency="afterok:$array" ops/parts/slurm.sh assemble
# A part that was stopped, requeued or lost is made by the same call with its number: --array=3. All paths lie on a file
# system that the nodes share. Environment: SKYFIX (default: npx skyfix), INDEX (folder to make; default: /data/town-index).
#SBATCH --job-name=skyfix-index
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=skyfix-index-%A-%a.log
set -euo pipefail
skyfix=${SKYFIX:-npx skyfix}
index=${INDEX:-/data/town-index}
# Descriptors are of one engine; "auto" may choose another one on another node. --constraint keeps to one kind of processor.
export SKYFIX_ENGINE=${SKYFIX_ENGINE:-onnxruntime}
step=${1:?part or assemble}
shift
case $step in
part)
  exec $skyfix index build --part "$SLURM_ARRAY_TASK_ID/${PARTS:-$SLURM_ARRAY_TASK_MAX}" --out "$index.parts" \
    --threads "${SLURM_CPUS_PER_TASK:-4}" "$@"
  ;;
assemble) exec $skyfix index assemble "$index".parts/part-* --out "$index" "$@" ;;
*)
  echo "part or assemble, not $step" >&2
  exit 2
  ;;
esac
