#!/usr/bin/env bash
# Runs the tool's tests: every function test_… of every *.test.sh beside this file, each in a shell, a session and a runtime directory
# of its own, under a watchdog of a minute. Speaks TAP. What shell.sh offers is there for each test.
# Usage: run.sh PROGRAM [FILE …]
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../eng/sessions.sh"
program=$(realpath "${1:?usage: run.sh PROGRAM [FILE …]}") || exit 2; shift
[ $# -gt 0 ] || set -- "$here"/*.test.sh
mapfile -t files < <(realpath -- "$@")
set -- "${files[@]}"

# bash -e passes over a command behind !, so a test that ends in one of these would prove nothing. See absent in shell.sh.
if grep -nE '^[[:space:]]*!([[:space:]]|$)' "$@" /dev/null; then
  echo "not ok 1 - no test is inverted by !"
  echo "1..1"
  exit 1
fi

number=0 failures=0 session='' place=''
finish() {
  [ -z "$session" ] || end_session "$session"
  [ -z "$place" ] || rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for file in "$@"; do
  for name in $(sed -n 's/^\(test_[a-z0-9_]*\)().*/\1/p' "$file"); do
    number=$((number + 1))
    place=$(mktemp -d /tmp/fairlead.XXXXXX); mkdir -m 700 "$place/run" "$place/work"
    # The session is ended whole: a test need not clear away what it has started.
    PATH=$(dirname "$program"):$PATH XDG_RUNTIME_DIR=$place/run XDG_STATE_HOME=$place/state \
      in_session timeout --foreground --kill-after=5 60 \
      bash -euo pipefail -c "set -m; cd '$place/work'; . '$here/shell.sh'; . '$file'; $name" > "$place/log" 2>&1
    session=$!
    wait "$session"; code=$?
    end_session "$session"; session=
    title="$(basename "$file" .test.sh): $(tr _ ' ' <<< "${name#test_}")"
    case $code in
      0) echo "ok $number - $title" ;;
      77) echo "ok $number - $title # SKIP $(tail -n 1 "$place/log")" ;;
      *)
        echo "not ok $number - $title (exit $code$([ "$code" -ne 124 ] || echo ', a minute is over'))"
        sed 's/^/# /' "$place/log"
        failures=$((failures + 1)) ;;
    esac
    rm -rf "$place"
  done
done
echo "1..$number"
[ "$failures" -eq 0 ]
