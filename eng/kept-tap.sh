#!/usr/bin/env bash
# Runs a command that speaks TAP, or prints again what it wrote when it last passed, if it would do the same work on the same files.
# Usage: eng/kept-tap.sh NAME HASH COMMAND …     HASH is that of all that the command depends on (hash_of in eng/kept.sh)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. eng/kept.sh
name=$1 hash=$2; shift 2
written=artifacts/kept/$name.tap
if is_kept "$name" "$hash" "$written"; then
  echo "# kept: it passed on the same files, $(date -r "$written" '+%Y-%m-%d %H:%M')"
  cat "$written"
  exit 0
fi
mkdir -p artifacts/kept
"$@" | tee "$written.new"; code=$?
# What was skipped may be there the next time.
if [ "$code" -eq 0 ] && ! grep -q '^ok .* # SKIP' "$written.new"; then
  mv "$written.new" "$written" && keep "$name" "$hash" "$written"
else
  rm -f "$written.new"
fi
exit "$code"
