#!/usr/bin/env bash
# Builds everything once and runs every test: the xunit assemblies, the program that proves the library clean under Native AOT,
# the packages, the tool's shell tests, against the AOT-published tool where it can be published, the models, and the samples. Writes below artifacts/ alone,
# uses no network but the loopback (restoring packages and installing missing tools apart), and leaves no process behind.
# The last line is "N passed, N failed, N skipped"; the exit code is 0 where nothing failed.
set -uo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

passed=0 failed=0 skipped=0
results=$PWD/artifacts/test-results
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off MSBUILDDISABLENODEREUSE=1

# Directories of our own, on a short path: a Unix socket's address holds 107 bytes. Removed by finish. The compiler server listens in
# the temporary one, so that it is ours alone, and can be ended without harm to another build.
private=$(mktemp -d /tmp/fairlead.XXXXXX) || exit 1
mkdir -m 700 "$private/run" "$private/tmp" "$private/state"
export TMPDIR=$private/tmp
session=
. eng/sessions.sh

finish() {
  if [ -n "$session" ]; then
    kill -TERM "$session" 2> /dev/null && wait "$session"
    end_session "$session"
  fi
  dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1
  rm -rf "$private"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title() { printf '\n== %s (after %d s)\n' "$1" "$SECONDS"; }
fail() { failed=$((failed + 1)); echo "FAILED: $1"; }
skip() { skipped=$((skipped + $1)); echo "SKIPPED: $2"; }

end() {
  printf '\n== done in %d s\n%d passed, %d failed, %d skipped\n' "$SECONDS" "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
  exit
}

# Runs a stage of tests in a session of its own; says, and ends, what it leaves behind.
stage() {
  local code left
  XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state in_session "$@"
  session=$!
  wait "$session"; code=$?
  for _ in {1..50}; do                               # what was told to end may need a moment
    left=$(session_members "$session"); [ -n "$left" ] || break
    sleep 0.1
  done
  if [ -n "$left" ]; then
    fail "processes left behind by: $*"
    echo "$left"
    end_session "$session"
  fi
  session=
  return "$code"
}

# Counts the lines of a TAP stream that a stage has written to a file.
count_tap() {
  local code=$1 file=$2 ok not_ok skips
  ok=$(grep -c '^ok ' "$file"); not_ok=$(grep -c '^not ok ' "$file"); skips=$(grep -c '^ok .* # SKIP' "$file")
  passed=$((passed + ok - skips)) failed=$((failed + not_ok)) skipped=$((skipped + skips))
  if [ "$code" -ne 0 ] && [ "$not_ok" -eq 0 ]; then fail "ended with $code, with no failed test"; fi
  if ! grep -q '^1\.\.[0-9]' "$file"; then fail "ended before its last test"; fi
}

tap() {
  local name=$1 file=$results/$1.tap; shift
  stage "$@" > "$file" 2>&1; local code=$?
  cat "$file"
  count_tap "$code" "$file"
}

# Counts the tests of an xunit assembly from its result file. A run without one, or of no test at all, has failed: a filter that matches
# nothing must not pass.
count_trx() {
  local code=$1 file=$2 counters total executed good bad
  counters=$(grep -o '<Counters [^>]*' "$file" 2>/dev/null)
  number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<< "$counters"; }
  total=$(number total) executed=$(number executed) good=$(number passed) bad=$(number failed)
  passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-0})) skipped=$((skipped + ${total:-0} - ${executed:-0}))
  # The console logger does not tell why a test was skipped.
  awk '/<UnitTestResult / { name = ""; if (/outcome="NotExecuted"/) { name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name) } }
       name != "" && /<Message>/ { gsub(/^ *<Message>|<\/Message>.*/, ""); print "  " name ": " $0 }' "$file" 2> /dev/null
  if [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then fail "the run ended with $code: crashed, or hung for five minutes"
  elif [ ! -f "$file" ]; then fail "the run left no results in $file"
  elif [ "${executed:-0}" -eq 0 ]; then fail "the run executed no test"; fi
}

# Runs an assembly's tests, or some: ASSEMBLY RESULT OPTIONS.
xunit() {
  local name=$1 result=$2; shift 2
  stage dotnet test "artifacts/bin/$name/release/$name.dll" --results-directory "$results" --logger "trx;LogFileName=$result.trx" \
    --blame:"CollectHangDump;TestTimeout=5m;HangDumpType=None" "$@"
  count_trx $? "$results/$result.trx"
}

# --- what the machine must have ---------------------------------------------------------------------------------------------------

title "tools"
command -v dotnet > /dev/null || { fail "dotnet is not installed (the .NET SDK 10 is needed)"; end; }

missing=()
has() { command -v "$1" > /dev/null; }
has_zlib() { compgen -G '/usr/include/zlib.h' > /dev/null || compgen -G '/usr/include/*/zlib.h' > /dev/null; }
has clang || missing+=(clang)
has_zlib || missing+=(zlib1g-dev)
for tool in nc:netcat-openbsd socat:socat strace:strace bc:bc spin:spin; do
  has "${tool%%:*}" || missing+=("${tool##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" -eq 0 ] && has apt-get; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } > "$private/apt" 2>&1 \
      || { tail -n 5 "$private/apt"; echo "could not be installed; the tests that need them are skipped"; }
  else
    echo "not installed here, which takes root and apt-get; the tests that need them are skipped"
  fi
fi

# No package to install: it belongs to systemd itself.
has systemd-socket-activate || echo "missing: systemd-socket-activate; the tests of socket activation are skipped"

# --- build ------------------------------------------------------------------------------------------------------------------------

title "build"
rm -rf "$results"; mkdir -p "$results"
dotnet build Fairlead.slnx -c Release -v minimal || { fail "the build"; end; }

publish() { dotnet publish "$1" -p:FairleadAot=true -v minimal; }
tool=artifacts/bin/Fairlead.Cli/release/fairlead
aot_test=
title "publish with Native AOT"
if has clang && has_zlib; then
  if publish src/Fairlead.Cli; then tool=artifacts/publish/Fairlead.Cli.Aot/release/fairlead; else fail "publishing the tool with Native AOT"; fi
  if publish tests/Fairlead.AotTest; then aot_test=artifacts/publish/Fairlead.AotTest.Aot/release/Fairlead.AotTest; else fail "publishing the AOT test"; fi
else
  skip 1 "Native AOT needs clang and zlib1g-dev; the tool is tested as the JIT runs it"
fi

# --- test -------------------------------------------------------------------------------------------------------------------------

# Tests that start the tool start the one that is to be shipped.
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  title "$name"
  FAIRLEAD_TOOL=$PWD/$tool xunit "$name" "$name"
done

if [ -n "$aot_test" ]; then
  title "AOT test"
  tap aot "$aot_test"

  title "locks between programs that are compiled before they run and as they run"
  FAIRLEAD_COMPILED_PEER=$PWD/$aot_test xunit Fairlead.Tests locks --filter Contract=Lock
fi

title "packages"
tap packages eng/test-packages.sh

title "the tool ($tool)"
tap tool tests/Fairlead.Cli.Tests/run.sh "$PWD/$tool"

title "models"
tap models models/check.sh

title "samples"
tap samples tests/Samples/run.sh artifacts/bin "$tool"

end
