#!/usr/bin/env bash
# Hunts tests that fail now and then: repeats assemblies of tests in several forms, and lists what failed, with form, round, seed, test, message and
# log. Not part of test.sh or nightly.sh; a whole hunt takes a day.
# Usage: eng/hunt.sh [ASSEMBLY …]      all assemblies of tests unless given; the .Tests may be left out
# ROUNDS   how often each assembly is run in each form (60)
# FORMS    'plain loops2 loops8 nice onecore memory': alone; beside two or eight busy loops; at nice 19; on one processor; with 60 % of the
#          available memory taken
# filter   the tests to run, in the words of the runner; those of the default run unless given; empty for all
# BUILD    'no': the Release build is there already
# Ends with 1 if anything failed. Logs of what failed stay in artifacts/hunt.
set -uo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. eng/sessions.sh

# tests_of NAME FOLDER: sets command to what runs the tests of an assembly, and leaves FOLDER/results.trx.
read -ra filter <<< "${filter--trait- Run=full}"
tests_of() { command=(eng/run-tests.sh "artifacts/bin/$1/release/$1.dll" -result-trx "$2/results.trx" "${filter[@]}"); }

# --- what weighs on a run ---------------------------------------------------------------------------------------------------------

# The sessions of what runs beside the tests, each of which is ended by its id.
beside=()
busy() { local _; for ((_ = 0; _ < $1; _++)); do in_session sh -c 'while :; do :; done'; beside+=($!); done; }

# tail keeps a line that has no end. It gets 60 % of what is available, within the limit of a container.
take_memory() {
  local kib left
  kib=$(awk '/^MemAvailable:/ { print int($2 * 0.6) }' /proc/meminfo)
  if left=$(cat /sys/fs/cgroup/memory.max 2> /dev/null) && [ "$left" != max ]; then
    left=$(((left - $(cat /sys/fs/cgroup/memory.current)) / 1024 * 6 / 10))
    if [ "$left" -lt "$kib" ]; then kib=$left; fi
  fi
  in_session sh -c "{ head -c ${kib}K /dev/zero; exec sleep infinity; } | tail > /dev/null"; beside+=($!)
}
relieve() { local session; for session in "${beside[@]}"; do end_session "$session"; done; wait "${beside[@]}" 2> /dev/null; beside=(); }

# begin_form NAME: sets prefix to what a run begins with, and starts what runs beside it.
begin_form() {
  prefix=(env)
  case $1 in
    plain) ;;
    loops2) busy 2 ;;
    loops8) busy 8 ;;
    nice) prefix=(nice -n 19) ;;
    onecore) prefix=(taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')") ;;
    memory) take_memory ;;
    *) echo "hunt.sh: $1 is not a form" >&2; exit 2 ;;
  esac
}

# --- the hunt ---------------------------------------------------------------------------------------------------------------------

rounds=${ROUNDS:-60}
read -ra forms <<< "${FORMS:-plain loops2 loops8 nice onecore memory}"
assemblies=()
for name; do assemblies+=("${name%.Tests}.Tests"); done
if [ $# -eq 0 ]; then for name in tests/*.Tests/; do assemblies+=("$(basename "$name")"); done; fi
for name in "${assemblies[@]}"; do
  [ -d "tests/$name" ] || { echo "hunt.sh: there is no tests/$name" >&2; exit 2; }
done

place=$PWD/artifacts/hunt private=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
rm -rf "$place"; mkdir -p "$place"
failures=$place/failures.txt; : > "$failures"
running='' runs=0
finish() {
  trap - EXIT
  if [ -n "$running" ]; then end_session "$running"; fi
  relieve
  rm -rf "$private"
}
trap finish EXIT
trap 'report; exit 130' INT
trap 'report; exit 143' TERM

report() {
  printf '\n== %d runs in %d s\n' "$runs" "$SECONDS"
  if [ -s "$failures" ]; then
    printf '== what failed: form, round, seed, test, message, log\n'; cat "$failures"
    printf '== send these lines, and %s\n' "$place"
  else
    echo "nothing failed"
  fi
}

# failed FORM ROUND SEED FOLDER CODE: adds what failed in a run to the list; fails if nothing did.
failed() {
  local before; before=$(wc -l < "$failures")
  { sed 's/></>\n</g' "$4/results.trx" 2> /dev/null; echo; } > "$4/lines"       # the runner writes one line
  awk -v where="$1, round $2, seed $3" -v log_folder="$4" '
    /<UnitTestResult / { bad = / outcome="Failed"/; name = $0; sub(/.* testName="/, "", name); sub(/" .*/, "", name); if (bad) waiting = 1 }
    bad && waiting && /<Message>/ { text = $0; sub(/.*<Message>/, "", text); sub(/<\/Message>.*/, "", text)
      gsub(/&quot;/, "\"", name); gsub(/&#xD;|&#xA;.*/, "", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
      gsub(/&amp;/, "\\&", text); print where ", " name ", " text ", " log_folder; waiting = 0 }' "$4/lines" >> "$failures"
  if [ "$5" -ne 0 ] && [ "$(wc -l < "$failures")" -eq "$before" ]; then
    echo "$1, round $2, seed $3, the run ended with $5, $(grep -m 1 -iE 'unhandled|fatal|abort|error' "$4/log"), $4" >> "$failures"
  fi
  tail -n "+$((before + 1))" "$failures"
  [ "$(wc -l < "$failures")" -gt "$before" ]
}

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off
if [ "${BUILD:-}" != no ]; then
  for name in "${assemblies[@]}"; do
    dotnet build "tests/$name" -c Release -v quiet --nologo -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false || exit 1
  done
fi
for form in "${forms[@]}"; do
  begin_form "$form"
  for ((round = 1; round <= rounds; round++)); do
    for name in "${assemblies[@]}"; do
      # A repeatable choice of each test that chooses at random.
      seed=$((RANDOM * 32768 + RANDOM)) folder=$place/$form-$round-${name%.Tests} own=$private/own
      mkdir -p "$folder"; mkdir -m 700 "$own" "$own/run" "$own/state" "$own/tmp"
      tests_of "$name" "$folder"
      FAIRLEAD_TEST_SEED=$seed FAIRLEAD_RANDOM_SEED=$seed XDG_RUNTIME_DIR=$own/run XDG_STATE_HOME=$own/state TMPDIR=$own/tmp \
        in_session "${prefix[@]}" "${command[@]}" > "$folder/log" 2>&1
      running=$!
      wait "$running"; code=$?
      end_session "$running"
      running='' runs=$((runs + 1))
      if failed "$form" "$round" "$seed" "$folder" "$code"; then :; else rm -rf "$folder"; fi
      rm -rf "$own"
    done
    echo "$form: round $round of $rounds, $(wc -l < "$failures") failures so far, after $SECONDS s"
  done
  relieve
done
report
[ ! -s "$failures" ]
