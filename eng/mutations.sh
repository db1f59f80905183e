#!/usr/bin/env bash
# Breaks the product on purpose, one place after the other, and says in TAP which test notices: a passing suite proves something only if it can fail.
# Works in a copy of the last commit. Takes about a minute for each mutation.
# Usage: eng/mutations.sh [NAME...]     those of eng/mutations.txt whose names are given; all of them without
# Ends with 0 where each was noticed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=true DOTNET_TieredPGO=0 FAIRLEAD_TEST_WATCHDOG=30

private=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
mkdir -m 700 "$private/run" "$private/tmp" "$private/state" "$private/tree"
export XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state TMPDIR=$private/tmp
. eng/sessions.sh
session=
finish() {
  [ -z "$session" ] || end_session "$session"
  dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1
  rm -rf "$private"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

git archive HEAD | tar -x -C "$private/tree" || exit 1
build() {
  dotnet build "$private/tree/tests/Fairlead.Tests" -c Release -v quiet -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false -p:FairleadAotAnalysis=false > "$private/build" 2>&1
}
build || { cat "$private/build"; exit 1; }

# Runs the tests of a filter; prints the first that failed, or how the run ended. 0: all passed.
run_tests() {
  local code
  in_session timeout 240 eng/run-tests.sh "$private/tree/artifacts/bin/Fairlead.Tests/release/Fairlead.Tests.dll" -filterVSTest "$1" > "$private/log" 2>&1
  session=$!
  wait "$session"; code=$?
  end_session "$session"; session=
  # A filter that matches no test proves nothing.
  [ "$code" -ne 8 ] || { echo "(no test was run)"; return 8; }
  grep -m 1 -oP "^    \K\S+(?=.* \[FAIL\]$)" "$private/log" || { [ "$code" -eq 0 ] || echo "(the run ended with $code)"; }
  return "$code"
}

# noticed TEXT and unnoticed TEXT: a line of the result for the mutation in $name.
count=0 bad=0
noticed() { echo "ok $count - $name: $1"; }
unnoticed() { echo "not ok $count - $name: $1"; bad=$((bad + 1)); }

mutations=$(< eng/mutations.txt)
while IFS=$'\t' read -r name file from to filter; do
  case $name in '' | '#'*) continue ;; esac
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  count=$((count + 1))
  target=$private/tree/src/Fairlead/$file
  cp "$target" "$private/original"
  # Exactly one place, or the mutation is out of date.
  if ! FROM=$from TO=$to perl -0pi -e 'BEGIN { ($f, $t) = @ENV{"FROM", "TO"}; s/\\n/\n/g for $f, $t } $n += s/\Q$f\E/$t/g; END { exit($n == 1 ? 0 : 1) }' "$target"; then
    unnoticed "$file has not exactly one place for it"
  elif ! build; then
    unnoticed "does not compile"; grep -m 3 error "$private/build" | sed 's/^/# /'
  else
    by=$(run_tests "$filter"); code=$?
    case $code in
      0) unnoticed "no test noticed it" ;;
      8) unnoticed "$by" ;;
      *) noticed "$by" ;;
    esac
  fi
  cp "$private/original" "$target"
done <<< "$mutations"

echo "1..$count"
[ "$bad" -eq 0 ] && [ "$count" -gt 0 ]
