#!/usr/bin/env bash
# Builds everything once and runs every test: the xunit assemblies, the packages, the tool's shell tests, the models, and the samples. The tool, and most
# second processes of the tests, are published with Native AOT where that can be done. Writes below artifacts/ and in temporary directories that it removes,
# uses no network but the loopback (restoring packages and installing missing tools apart), and leaves no process behind.
# The last line is "N passed, N failed, N skipped"; the exit code is 0 where nothing failed.
set -uo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

passed=0 failed=0 skipped=0
results=$PWD/artifacts/test-results
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off MSBUILDDISABLENODEREUSE=1

# One compiler for all projects, however the machine is set up: compiling each in a process of its own takes three times as long.
export UseSharedCompilation=true

# Processes that live for a second gain nothing from code that is profiled before it is optimized, nor from code that is mapped twice, once to be
# written and once to be run.
export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0

# Directories of our own, on a short path: a Unix socket's address holds 107 bytes. In memory where there is plenty. Removed by finish. The
# compiler server listens in the temporary one, so that it is ours alone, and can be ended without harm to another build.
roomy_shm() {
  [ "$(stat -f -c %T /dev/shm 2> /dev/null)" = tmpfs ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -ge $((8 << 20)) ] \
    && ! findmnt -n -o OPTIONS --target /dev/shm | grep -qw noexec
}
if roomy_shm; then private=$(mktemp -d /dev/shm/fl.XXXXXX); else private=$(mktemp -d /tmp/fl.XXXXXX); fi || exit 1
mkdir -m 700 "$private/run" "$private/beside" "$private/tmp" "$private/state"
failures=$private/failures                           # what failed, told once more at the end: the end is what is read
export TMPDIR=$private/tmp

# The logs of the tests lie on the disk, as logs are meant to.
disk=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
session=

# What runs beside the tests of the library: its session by its name.
declare -A beside=()
. eng/sessions.sh

finish() {
  if [ -n "$session" ]; then
    kill -TERM "$session" 2> /dev/null && wait "$session"
    end_session "$session"
  fi
  for session in "${beside[@]}"; do end_session "$session"; done
  dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1
  rm -rf "$private" "$disk"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Begins a stage; the last one's seconds go into the table that end prints.
stages=() stage_name= stage_start=0
stage_over() { [ -z "$stage_name" ] || stages+=("$(printf '%5d s  %s' $((SECONDS - stage_start)) "$stage_name")"); }
title() {
  stage_over
  stage_name=$1 stage_start=$SECONDS
  printf '\n== %s (after %d s)\n' "$1" "$SECONDS"
}
fail() { failed=$((failed + 1)); echo "FAILED: $1" | tee -a "$failures"; }
skip() { skipped=$((skipped + $1)); echo "SKIPPED: $2"; }

end() {
  stage_over
  printf '\n== where the time went\n'
  printf '%s\n' "${stages[@]}"
  if [ -s "$failures" ]; then printf '\n== what failed\n'; cat "$failures"; fi
  printf '\n== done in %d s\n%d passed, %d failed, %d skipped\n' "$SECONDS" "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
  exit
}

# end_stage ID COMMAND …: waits for a session; says, and ends, what it leaves behind.
end_stage() {
  local code left id=$1; shift
  wait "$id"; code=$?
  for _ in {1..50}; do                               # what was told to end may need a moment
    left=$(session_members "$id"); [ -n "$left" ] || break
    sleep 0.1
  done
  if [ -n "$left" ]; then
    fail "processes left behind by: $*"
    echo "$left"
    end_session "$id"
  fi
  return "$code"
}

# Runs a stage of tests in a session of its own.
stage() {
  local code
  XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state in_session "$@"
  session=$!
  end_stage "$session" "$@"; code=$?
  session=
  return "$code"
}

# Counts the lines of a TAP stream that a stage has written to a file.
count_tap() {
  local code=$1 file=$2 ok not_ok skips
  ok=$(grep -c '^ok ' "$file"); not_ok=$(grep -c '^not ok ' "$file"); skips=$(grep -c '^ok .* # SKIP' "$file")
  passed=$((passed + ok - skips)) failed=$((failed + not_ok)) skipped=$((skipped + skips))
  awk '/^(not )?ok / { bad = /^not ok / } bad' "$file" >> "$failures"
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
  awk '/<UnitTestResult / { bad = / outcome="Failed"/; if (bad) { sub(/.* testName="/, ""); sub(/" .*/, ""); gsub(/&quot;/, "\""); print; next } }
       /<\/UnitTestResult>/ { bad = 0 }
       bad { gsub(/<[^>]*>/, ""); gsub(/&lt;/, "<"); gsub(/&gt;/, ">"); gsub(/&quot;/, "\""); gsub(/&amp;/, "\\&"); if (NF) print "  " $0 }' \
    "$file" 2> /dev/null >> "$failures"
  # The console logger does not tell why a test was skipped. Contracts leave out whole groups of tests on some transports: those make one line.
  echo "Skipped, by class and reason:"
  awk '/<UnitTestResult / { name = ""; if (/outcome="NotExecuted"/) { name = $0; sub(/.* testName="/, "", name); sub(/[("].*/, "", name); sub(/\.[^.]*$/, "", name) } }
       name != "" && /<Message>/ { gsub(/^ *<Message>|<\/Message>.*/, ""); count[name ": " $0]++; name = "" }
       END { for (line in count) printf "%6d  %s\n", count[line], line }' "$file" 2> /dev/null | sort -k 2
  echo "The classes that took longest, all their tests added up, several of which run at once:"
  awk '/<UnitTestResult / { name = $0; sub(/.* testName="/, "", name); sub(/[("].*/, "", name); sub(/\.[^.]*$/, "", name); time = $0; sub(/.* duration="/, "", time)
       split(time, part, /[:"]/); seconds[name] += part[1] * 3600 + part[2] * 60 + part[3] }
       END { for (name in seconds) printf "%7.1f s  %s\n", seconds[name], name }' "$file" 2> /dev/null | sort -rn | head -n 15
  if [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
    fail "the run ended with $code: crashed, or hung for five minutes"
    # What it died of, and what it was at then. The runtime's message comes before the summary of the run.
    awk '/Unhandled exception|^Fatal error|^Stack overflow|^The active test run was aborted/ { at = 1 } at && lines++ < 100 { print "  " $0 }' "${file%.trx}.log" 2> /dev/null \
      | grep -v 'This test may, or may not' >> "$failures"
  elif [ ! -f "$file" ]; then fail "the run left no results in $file"
  elif [ "${executed:-0}" -eq 0 ]; then fail "the run executed no test"; fi
}

# tests_of ASSEMBLY: sets command to what runs its tests. Their own authorities are the only ones: each of the many processes that use tls:// would
# read all of the system's when it first looks at a certificate.
tests_of() {
  command=(env SSL_CERT_DIR="$private/none" SSL_CERT_FILE="$private/none"
    dotnet test "artifacts/bin/$1/release/$1.dll" --results-directory "$results" --logger "trx;LogFileName=$1.trx"
    --blame:"CollectHangDump;TestTimeout=5m;HangDumpType=None")
}

# begin NAME COMMAND …: starts a stage that collect waits for.
begin() {
  local name=$1; shift
  XDG_RUNTIME_DIR=$private/beside XDG_STATE_HOME=$private/state in_session "$@" > "$results/$name.log" 2>&1
  beside[$name]=$!
}

# collect NAME: waits for its end; the code is in code, and what it wrote is shown.
collect() {
  title "$1 (begun before)"
  end_stage "${beside[$1]}" "$1"; code=$?
  unset "beside[$1]"
  cat "$results/$1.log"
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
[ -x "${FAIRLEAD_RABBITMQ:-/usr/lib/rabbitmq/bin}/rabbitmq-server" ] || missing+=(rabbitmq-server)

# Installs packages, and starts no service of theirs: the tests start a broker that is theirs alone.
install() {
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made=1; fi
  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  local code=$?
  [ -z "$made" ] || rm -f "$policy"
  return $code
}
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" -eq 0 ] && has apt-get; then
    install "${missing[@]}" > "$private/apt" 2>&1 \
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

# The tests of the documents and of the broker wait for much of their time, and need nothing of what is published.
tests_of Fairlead.Docs.Tests
begin Fairlead.Docs.Tests "${command[@]}"
tests_of Fairlead.RabbitMQ.Tests
begin Fairlead.RabbitMQ.Tests "${command[@]}"

tool=artifacts/bin/Fairlead.Cli/release/fairlead
peer=
title "publish with Native AOT"
if has clang && has_zlib; then
  if dotnet msbuild eng/Aot.proj -m -v:minimal; then
    tool=artifacts/publish/Fairlead.Cli.Aot/release/fairlead peer=artifacts/publish/Fairlead.TestPeer.Aot/release/Fairlead.TestPeer
  else
    fail "publishing with Native AOT"
  fi
else
  skip 1 "Native AOT needs clang and zlib1g-dev; the tool and the second processes of the tests are what the JIT runs"
fi

# --- test -------------------------------------------------------------------------------------------------------------------------

if [ -n "$peer" ]; then
  title "the library under Native AOT"
  tap aot "$peer" checks
fi

# The tests of the tool wait for half of their time, and so do the samples.
begin samples tests/Samples/run.sh artifacts/bin "$tool" ${peer:+artifacts/publish/JobServer.Aot/release}

# Tests that start the tool start the compiled one.
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  [ "$name" != Fairlead.Docs.Tests ] && [ "$name" != Fairlead.RabbitMQ.Tests ] || continue
  if [ "$name" = Fairlead.Rpc.Tests ]; then
    # The tests of calls wait for half of their time. The models need what the others leave of the processors, and nothing that is built; the
    # build leaves nothing.
    begin models nice -n 19 models/check.sh
    begin packages eng/test-packages.sh
    begin tool tests/Fairlead.Cli.Tests/run.sh "$PWD/$tool"
  fi

  title "$name"
  tests_of "$name"
  exec {shown}> >(tee "$results/$name.log"); tee=$!
  FAIRLEAD_TOOL=$PWD/$tool FAIRLEAD_COMPILED_PEER=${peer:+$PWD/$peer} FAIRLEAD_DISK=$disk stage "${command[@]}" >&"$shown" 2>&1
  code=$?
  exec {shown}>&-; wait "$tee"
  count_trx "$code" "$results/$name.trx"
done

for name in Fairlead.Docs.Tests Fairlead.RabbitMQ.Tests; do
  collect "$name"
  count_trx "$code" "$results/$name.trx"
done
for name in samples models packages tool; do
  collect "$name"
  count_tap "$code" "$results/$name.log"
done

end
