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

# search MODEL [DEFINITION]: an exhaustive one, in a folder of its own. Not optimized: that takes longer than it saves.
# The hash table grows with the search: to begin with the usual 128 MB costs most searches more than the search.
search() {
  local place="$work/$1${2:-}"
  mkdir "$place" && cp "$1" "$place" && cd "$place" && spin -a ${2:+"$2"} "$1" > /dev/null && "$compiler" -O0 -w -o pan pan.c && ./pan -m100000 -w20 > found.txt
}

# errors MODEL [DEFINITION]: how many errors the search has found.
errors() { sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$work/$1${2:-}/found.txt"; }

# completed MODEL: whether the search saw every state. One that ran out of depth or memory has not, and yet counts no error.
completed() { [ -f "$work/$1/found.txt" ] && ! grep -qi -e 'max search depth too small' -e 'search not completed' "$work/$1/found.txt"; }

# report CODE NAME SEARCH: with what the search said, where it failed.
report() {
  count=$((count + 1))
  if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; sed 's/^/# /' "$work/$3/found.txt"; fi
}

# In the order in which they are reported. Each has what it promises, and what it must fail without: a file that is not named here is an error.
models=(ring cell board broadcast log lock mutex semaphore event count countdown condition readers barrier closing)
if [ "$(printf '%s.pml\n' "${models[@]}" | sort)" != "$(printf '%s\n' *.pml | sort)" ]; then
  echo "Bail out! the models that are named here are not those in this folder"
  exit 1
fi

# What each model must fail without.
declare -A needed=(
  [ring.pml]="NO_LOOK NO_REMOTE_FENCE NO_LAST_FENCE"
  [cell.pml]="NO_LOOK NO_STORE_BARRIER NO_LOAD_BARRIER DONE_FIRST"
  [board.pml]="NO_FENCE NO_LOOK NO_WATCH NO_EARLY_RING NO_GRACE"
  [broadcast.pml]="NO_FLOOR FLOOR_LATE NO_LEFT NO_REPEAT NO_SKIP"
  [log.pml]="NO_LOOK NO_HELP NO_EARLY_RING TWO_STEP_WAKE NO_RECHECK"
  [lock.pml]="NO_BARRIER SHARED NO_SECOND_LOOK NO_RETURN"
  [mutex.pml]="OPEN NO_CHAIN NO_TICKET"
  [semaphore.pml]="NO_WATCH NO_OWNER NO_EARLY_RING NO_MARK NO_TICKET NO_GRACE"
  [event.pml]="TWO_STEPS NO_EPOCH"
  [count.pml]="NO_GUARD NO_EVICTION LOOK_FIRST NO_WATCH"
  [countdown.pml]="TWO_STEPS NO_ENDING NO_HELP NO_ROUND"
  [condition.pml]="NO_WATCH NO_RECHECK LEAVE_FIRST TWO_STEPS NO_LAST_LOOK"
  [readers.pml]="NO_LOOK NO_WATCH LATE_WATCH NO_WANT NO_RETURN NO_WRITING"
  [closing.pml]="EARLY_WORD WAITS_UNREAD NO_ACK LEAVES_EARLY"
  [barrier.pml]="NO_WATCH LOOK_FIRST NO_RING NO_MARK NO_JOIN NO_EXACT NO_RESETS NO_GRACE NO_LOOK"
)
declare -A promise=(
  [ring.pml]="nothing is lost, doubled or slept through, with either side dying at any step"
  [cell.pml]="what is read is whole and in order, with the writer dying at any step"
  [board.pml]="no waiter sleeps over a value or a death, and one at a time writes a cell, with any writer dying at any step"
  [broadcast.pml]="nothing is lost, doubled or torn, with either side dying and the subscriber passed at any step"
  [log.pml]="what is acknowledged is seen, and nobody waits for the dead, with any appender dying at any step"
  [lock.pml]="one at a time is inside and nobody waits for ever, whoever owns it and wherever he is interrupted"
  [mutex.pml]="one at a time is inside, nobody sleeps for ever or is overtaken asleep, and each death inside is told, with any of three dying and any giving up at any step"
  [semaphore.pml]="nobody sleeps while a permit is free, and none is had twice, with one dying at any step, at once or after some more, and one giving up"
  [event.pml]="nobody sleeps who has been released, with any dying at any step"
  [count.pml]="nobody sleeps while there is a permit, and none is lost or had twice, with any process dying at any step"
  [countdown.pml]="nobody sleeps who has been released, and no count is lost, with any who count dying at any step"
  [closing.pml]="both ends come to an end, and know exactly what an end that closed has handed out, with either closing or dying at any step"
  [condition.pml]="no notification gets lost, with any process dying and any giving up at any step"
  [readers.pml]="nobody reads beside a writer, a death while writing is told and no other, and no writer waits for the dead, with any process dying at any step"
  [barrier.pml]="nobody waits for a dead party, none passes before all have arrived, and all are told the same, with any dying or giving up at any step"
)

# As many at once as there are processors.
for model in "${models[@]/%/.pml}"; do
  for left_out in "" ${needed[$model]}; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    search "$model" ${left_out:+"-D$left_out"} &
  done
done
wait

for model in "${models[@]/%/.pml}"; do
  found=$(errors "$model")
  [ "$found" = 0 ] && completed "$model"; report $? "${model%.pml}: ${promise[$model]}" "$model"
  for left_out in ${needed[$model]}; do
    found=$(errors "$model" "-D$left_out")
    [ "${found:-0}" -gt 0 ]; report $? "${model%.pml}: it is not so with $left_out, and the model sees it" "$model-D$left_out"
  done
done
echo "1..$count"
