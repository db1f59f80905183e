#!/usr/bin/env bash
# Checks the models with spin, and that each fails when the step is left out that it is about: TAP on stdout.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0

compiler=$(command -v clang || command -v cc || command -v gcc)
if ! command -v spin > /dev/null || [ -z "$compiler" ]; then
  echo "ok 1 - models # SKIP spin and a C compiler are needed"
  echo 1..1
  exit 0
fi

# errors MODEL [DEFINITION]: how many errors an exhaustive search finds.
errors() {
  (
    cd "$work" && cp "$OLDPWD/$1" . && spin -a ${2:+"$2"} "$1" > /dev/null && "$compiler" -O2 -w -o pan pan.c || exit 1
    ./pan -m100000 | tee "$1.txt" | sed -n 's/.*errors: \([0-9]*\).*/\1/p'
  )
}

report() {
  count=$((count + 1))
  if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; sed 's/^/# /' "$work"/*.txt; fi
}

found=$(errors ring.pml)
[ "$found" = 0 ]; report $? "ring: nothing is lost, doubled or slept through, with either side dying at any step"
found=$(errors ring.pml -DNO_LOOK)
[ "${found:-0}" -gt 0 ]; report $? "ring: who does not look again sleeps for ever, and the model sees it"
for left_out in NO_REMOTE_FENCE NO_LAST_FENCE; do
  found=$(errors ring.pml "-D$left_out")
  [ "${found:-0}" -gt 0 ]; report $? "ring: who leaves a fence out sleeps for ever with $left_out, and the model sees it"
done
found=$(errors cell.pml)
[ "$found" = 0 ]; report $? "cell: what is read is whole and in order, with the writer dying at any step"
for left_out in NO_LOOK NO_STORE_BARRIER NO_LOAD_BARRIER DONE_FIRST; do
  found=$(errors cell.pml "-D$left_out")
  [ "${found:-0}" -gt 0 ]; report $? "cell: torn with $left_out, and the model sees it"
done
found=$(errors broadcast.pml)
[ "$found" = 0 ]; report $? "broadcast: nothing is lost, doubled or torn, with either side dying and the subscriber passed at any step"
for left_out in NO_FLOOR FLOOR_LATE NO_LEFT NO_REPEAT NO_SKIP; do
  found=$(errors broadcast.pml "-D$left_out")
  [ "${found:-0}" -gt 0 ]; report $? "broadcast: spoilt with $left_out, and the model sees it"
done
echo "1..$count"
