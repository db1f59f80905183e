#!/usr/bin/env bash
# The long runs of tests that test.sh full plays shortly: locks under a million entries and hundreds of kills, deaths in shared memory and logs, each system call that can fail, and
# the random world with several seeds. Takes an hour or two. Writes what they print of themselves into a file, and ends with 0 where all passed.
# Usage: eng/nightly.sh [FIGURES]     FIGURES is artifacts/nightly.txt unless given
# Shorter: FAIRLEAD_INCREMENTS (1000000), FAIRLEAD_ROUNDS (20000), FAIRLEAD_KILLS (300), FAIRLEAD_RANDOM_SECONDS (600), FAIRLEAD_CLOCK_QUESTIONS (1000), FAIRLEAD_SUPERVISED_KILLS (600), FAIRLEAD_FIRST_ROUNDS (60), FAIRLEAD_RPC_INPUTS (10000000), FAIRLEAD_RPC_MEBIBYTES (1024), FAIRLEAD_RPC_STORM (100000), FAIRLEAD_RPC_SIEGE (30), FAIRLEAD_BROKER_KILLS (250, of each of 4 kinds of senders), FAIRLEAD_RUNTIME (11.0.0), FAIRLEAD_SEEDS (10), of which FAIRLEAD_AT_ONCE
# (as many as there are processors) are played beside each other
set -uo pipefail
figures=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/../artifacts/nightly.txt}")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=true
increments=${FAIRLEAD_INCREMENTS:-1000000} rounds=${FAIRLEAD_ROUNDS:-20000} seeds=${FAIRLEAD_SEEDS:-10} at_once=${FAIRLEAD_AT_ONCE:-$(nproc)}
export FAIRLEAD_KILLS=${FAIRLEAD_KILLS:-300} FAIRLEAD_RANDOM_SECONDS=${FAIRLEAD_RANDOM_SECONDS:-600} FAIRLEAD_TEST_WATCHDOG=7200 FAIRLEAD_HUNG_AFTER=7200

private=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
mkdir -m 700 "$private/run" "$private/tmp" "$private/state"
export XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state TMPDIR=$private/tmp
trap 'dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1; rm -rf "$private"' EXIT

dotnet build tests/Fairlead.Tests -c Release -v quiet || exit 1
peer=artifacts/publish/Fairlead.TestPeer.Aot/release/Fairlead.TestPeer
if command -v clang > /dev/null && dotnet msbuild eng/Aot.proj -m -v:quiet -p:FairleadEveryImage=true; then export FAIRLEAD_COMPILED_PEER=$PWD/$peer; fi

true > "$private/failures"
mkdir -p "$(dirname "$figures")"
{
  date -u '+# %Y-%m-%d %H:%M UTC'
  echo "# $(uname -srm), $(nproc) processors; $increments increments, $rounds rounds, $FAIRLEAD_KILLS kills, $FAIRLEAD_RANDOM_SECONDS s of random scenes for each of $seeds seeds, $at_once at once"
} > "$figures"

# run NAME FILTER: its tests, of which what they printed goes into the figures, whole.
run() {
  local code log
  log=$(mktemp "$private/log.XXXXXX")
  eng/run-tests.sh "artifacts/bin/${tests:-Fairlead.Tests}/release/${tests:-Fairlead.Tests}.dll" -filterVSTest "$2" > "$log" 2>&1; code=$?
  [ "$code" -eq 0 ] || { printf 'FAILED: %s\n%s\n' "$1" "$(cat "$log")"; echo "$1" >> "$private/failures"; }
  printf '\n== %s%s\n%s\n' "$1" "$([ "$code" -eq 0 ] || echo ': FAILED')" \
    "$(grep -vE '^ *$|^  (Discover|Start|Finish)|^=== |^ *Output:$' "$log")" >> "$figures"
  echo "$1: ended with $code after $SECONDS s"
}

FAIRLEAD_INCREMENTS=$increments run 'locks that are entered' \
  'FullyQualifiedName~A_counter_is_exact_though|FullyQualifiedName~Never_more_callers_than_allowed|FullyQualifiedName~No_waiter_sleeps_while_the_event_is_set'
FAIRLEAD_INCREMENTS=$rounds run 'locks in rounds' 'FullyQualifiedName~waits_forever'
run 'conditions, readers and writers' 'FullyQualifiedName~Processes_exchange_items_correctly|FullyQualifiedName~Readers_see_nothing_half_written'
FAIRLEAD_TEST_ITEMS=$increments run 'shared memory and logs' 'FullyQualifiedName~SharedMemory.DeathTests|FullyQualifiedName~LeftoverTests|FullyQualifiedName~LogCrashTests'
FAIRLEAD_FIRST_ROUNDS=${FAIRLEAD_FIRST_ROUNDS:-60} run 'clients of a fresh server' 'FullyQualifiedName~reach_a_restarted_server'
FAIRLEAD_SUPERVISED_KILLS=${FAIRLEAD_SUPERVISED_KILLS:-600} run 'supervised children that are killed' 'FullyQualifiedName~SupervisedCrowdTests'
run 'boards whose writers are killed' 'FullyQualifiedName~BoardDeathTests'
FAIRLEAD_EVERY_FAULT=1 run 'each system call fails once' 'FullyQualifiedName~SystemCallFaultTests'
dotnet build tests/Fairlead.Cli.Tests -c Release -v quiet || exit 1
dotnet build tests/Fairlead.Rpc.Tests -c Release -v quiet || exit 1
FAIRLEAD_RPC_MEBIBYTES=${FAIRLEAD_RPC_MEBIBYTES:-1024} tests=Fairlead.Rpc.Tests run 'long uploads' 'FullyQualifiedName~An_upload'
FAIRLEAD_RPC_INPUTS=${FAIRLEAD_RPC_INPUTS:-10000000} tests=Fairlead.Rpc.Tests run 'frames of calls, mutated' 'FullyQualifiedName~Mutated_frames'
FAIRLEAD_RPC_STORM=${FAIRLEAD_RPC_STORM:-100000} tests=Fairlead.Rpc.Tests run 'calls to instances that are killed each second' 'FullyQualifiedName~StormTests'
FAIRLEAD_RPC_SIEGE=${FAIRLEAD_RPC_SIEGE:-30} tests=Fairlead.Rpc.Tests run 'a client beside a hostile one' 'FullyQualifiedName~HostileClientTests|FullyQualifiedName~SiegeTests'
FAIRLEAD_CLOCK_QUESTIONS=${FAIRLEAD_CLOCK_QUESTIONS:-1000} tests=Fairlead.Cli.Tests run 'the clock in shared memory, with kills' 'FullyQualifiedName~InteropTests'
dotnet build tests/Fairlead.RabbitMQ.Tests -c Release -v quiet || exit 1
FAIRLEAD_BROKER_KILLS=${FAIRLEAD_BROKER_KILLS:-250} tests=Fairlead.RabbitMQ.Tests run 'senders at a broker, killed right after each call' 'FullyQualifiedName~killed_after_its_call_returned'
for ((i = 0; i < seeds; i++)); do
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
  seed=$((RANDOM * 32768 + RANDOM))
  FAIRLEAD_RANDOM_SEED=$seed run "random world, seed $seed" 'FullyQualifiedName~RandomWorld' &
done
wait

# whole NAME ARGUMENT …: all tests of an assembly, once, by the command in the variable with or by eng/run-tests.sh; the last line of what it says goes into the figures.
whole() {
  local log=$private/whole outcome name=$1; shift
  if env -u FAIRLEAD_KILLS -u FAIRLEAD_RANDOM_SECONDS ${with:-eng/run-tests.sh} "$@" > "$log" 2>&1; then
    outcome=$(tail -n 1 "$log")
  else
    outcome="FAILED: $(grep -E '\[FAIL\]$|FATAL ERROR|error|^The run is ended' "$log")"
    echo "$name" >> "$private/failures"
  fi
  printf '\n== %s\n%s\n' "$name" "$outcome" >> "$figures"
  echo "$name: $outcome, after $SECONDS s"
}

# tap NAME COMMAND …: a script that speaks TAP; what failed goes into the figures, or the last line.
tap() {
  local log=$private/tap name=$1 outcome; shift
  if "$@" > "$log" 2>&1; then outcome=$(grep -c '^ok ' "$log")" passed, $(grep -c '# SKIP' "$log") of them skipped"; else
    outcome="FAILED: $(grep -A 20 '^not ok' "$log")"
    echo "$name" >> "$private/failures"
  fi
  printf '\n== %s\n%s\n' "$name" "$outcome" >> "$figures"
  echo "$name: $outcome, after $SECONDS s"
}
tap 'the Debian package and the tarball of the tool' eng/test-tool-package.sh

# The audit asks the registry for known vulnerabilities of what is restored; the gate has no network.
audited() {
  if dotnet restore Fairlead.slnx --force -p:NuGetAudit=true -p:NuGetAuditMode=all -p:NuGetAuditLevel=low > "$private/audit" 2>&1; then echo 'ok 1 - none is known'; else
    sed 's/^/not ok 1 - /' "$private/audit"; return 1
  fi
}
tap 'known vulnerabilities of the packages' audited

# What test.sh does with fewer messages, connections and bytes. The peers of the broker's tests are their own.
FAIRLEAD_FULL_SIZE=1 whole 'full sizes' artifacts/bin/Fairlead.Tests/release/Fairlead.Tests.dll
# Named handles: programs on a later runtime, and compiled ahead of time, on one lock with the others.
runtime=${FAIRLEAD_RUNTIME:-11.0.0} handles=$PWD/artifacts/publish/Fairlead.NamedHandles.Peer.Aot/release/Fairlead.NamedHandles.Peer
dotnet build tests/Fairlead.NamedHandles.Tests -c Release -v quiet || exit 1
eng/second-installation.sh "$runtime" "$private/later" || echo "an installation of .NET $runtime" >> "$private/failures"
FAIRLEAD_FULL_SIZE=1 FAIRLEAD_OTHER_DOTNET=$(ls "$private/later/dotnet" 2> /dev/null) FAIRLEAD_COMPILED_HANDLES=$(ls "$handles" 2> /dev/null) \
  whole 'full sizes, the named handles on several runtimes' artifacts/bin/Fairlead.NamedHandles.Tests/release/Fairlead.NamedHandles.Tests.dll
FAIRLEAD_FULL_SIZE=1 whole 'full sizes, the tool' artifacts/bin/Fairlead.Cli.Tests/release/Fairlead.Cli.Tests.dll
FAIRLEAD_FULL_SIZE=1 FAIRLEAD_COMPILED_PEER='' whole 'full sizes, the broker' artifacts/bin/Fairlead.RabbitMQ.Tests/release/Fairlead.RabbitMQ.Tests.dll

# On a later runtime than that of the SDK. The peers are on it, too.
for name in Fairlead.Tests Fairlead.Rpc.Tests Fairlead.Hosting.Tests Fairlead.NamedHandles.Tests; do
  dotnet build "tests/$name" -c Release -v quiet || exit 1
  FAIRLEAD_COMPILED_PEER='' with="eng/on-runtime.sh $runtime" whole "$name on .NET $runtime" "artifacts/bin/$name/release/$name.dll"
done

# With the assertions of a Debug build: the order of locks, the states. An awaited call costs memory there, as it does not in a release; its peers are built so too.
dotnet build tests/Fairlead.Tests -c Debug -v quiet || exit 1
FAIRLEAD_COMPILED_PEER='' whole 'assertions of a Debug build' artifacts/bin/Fairlead.Tests/debug/Fairlead.Tests.dll -filterVSTest 'FullyQualifiedName!~A_message_costs_no_managed_memory'

# The samples, with the job server and the hosted worker under Native AOT: stubs and skeletons that the generator wrote, and handlers that a container makes.
if [ -n "${FAIRLEAD_COMPILED_PEER:-}" ]; then
  if dotnet build Fairlead.slnx -c Release -v quiet && tests/Samples/run.sh artifacts/bin artifacts/publish/Fairlead.Cli.Aot/release/fairlead \
    artifacts/publish/{JobServer,HostedWorker}.Aot/release > "$private/samples" 2>&1; then
    outcome="$(grep -c '^ok' "$private/samples") passed"
  else
    outcome="FAILED: $(grep -A 20 '^not ok' "$private/samples")"
    echo samples >> "$private/failures"
  fi
  printf '\n== samples, the job server and the hosted worker under Native AOT\n%s\n' "$outcome" >> "$figures"
fi

failures=$(wc -l < "$private/failures")
printf '\n%d failed; the figures are in %s\n' "$failures" "$figures"
[ "$failures" -eq 0 ]
