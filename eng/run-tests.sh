#!/usr/bin/env bash
# Runs the tests of an assembly in a process of their own, and shows what its runner writes. A run that hangs is ended: either no test began or
# ended for five minutes, and the runner names the tests that run, or the runner wrote nothing for half an hour.
# Usage: eng/run-tests.sh ASSEMBLY [ARGUMENT …]     ARGUMENT of the runner of xunit, such as -result-trx FILE or -filterVSTest 'FullyQualifiedName~Log'
# FAIRLEAD_HUNG_AFTER: another number of seconds instead of those of five minutes. DOTNET_HOST_PATH: another dotnet than the one in PATH.
# Ends with 8 if all tests passed, but there was none: each was skipped, or none passes the filter.
set -uo pipefail
after=${FAIRLEAD_HUNG_AFTER:-300}
export DOTNET_NOLOGO=1

# The shell does not wait for the end of the output, which a process that a test left behind may hold open.
exec {output}< <(exec env --default-signal=INT,QUIT "${DOTNET_HOST_PATH:-dotnet}" "$1" -noColor -noLogo -noAutoReporters -longRunning "$after" "${@:2}" 2>&1)
runner=$!
summary=$(mktemp) || exit 1
trap 'rm -f "$summary"' EXIT
show() {
  local line limit silence=$((after > 1800 ? after : 1800)) code
  limit=$silence
  while IFS= read -r -t "$limit" line || { code=$?; false; }; do
    printf '%s\n' "$line"
    case $line in
      *'[Long Running Test]'*) limit=5 ;;            # a line names one test; the others follow immediately
      *'  Total: '*) limit=$silence; printf '%s\n' "$line" > "$summary" ;;
      *) limit=$silence ;;
    esac
  done
  # More than 128 is the limit; 1 is the end of the output.
  if [ "$code" -gt 128 ]; then
    echo "The run is ended: $([ "$limit" -eq 5 ] && echo "no test began or ended for $after s." || echo "the runner wrote nothing for $silence s.")"
    kill -KILL "$runner"
  fi
}
show <&"$output" &
shown=$!
exec {output}<&-
wait "$runner"; code=$?
for _ in {1..50}; do kill -0 "$shown" 2> /dev/null || break; sleep 0.1; done

# "NAME  Total: 7, Errors: 0, Failed: 0, Skipped: 2, Not Run: 0, Time: 4.188s", or "NAME  Total: 0".
if [ "$code" -eq 0 ]; then
  number() { grep -oP "$1: \K\d+" "$summary" || echo 0; }
  [ $(($(number Total) - $(number Skipped) - $(number 'Not Run'))) -gt 0 ] || { echo 'No test was run.'; exit 8; }
fi
exit "$code"
