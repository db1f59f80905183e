# What each run of tests has: the environment of the compiler and of the programs under test, private directories, and the functions of a run.
# Sourced at the root of the repository by the scripts that run tests. The name of the run is in $run.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off MSBUILDDISABLENODEREUSE=1

# One compiler process for all projects: compiling each in a process of its own takes three times as long.
export UseSharedCompilation=true

# Processes that live for a second gain nothing from code that is profiled before it is optimized, nor from code that is mapped twice, once to be
# written and once to be run.
export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0

# Programs with an executable of their own find the runtime here.
export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}

results=$PWD/artifacts/test-results/$run

# Private directories on a short path, because the address of a Unix socket holds 107 bytes. In memory if there is plenty. The compiler process
# listens in the temporary one, so no other build uses it, and finish can end it.
roomy_shm() {
  [ "$(stat -f -c %T /dev/shm 2> /dev/null)" = tmpfs ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -ge $((8 << 20)) ] \
    && ! findmnt -n -o OPTIONS --target /dev/shm | grep -qw noexec
}
if roomy_shm; then private=$(mktemp -d /dev/shm/fl.XXXXXX); else private=$(mktemp -d /tmp/fl.XXXXXX); fi || exit 1
mkdir -m 700 "$private/run" "$private/tmp" "$private/state"
failures=$private/failures
export TMPDIR=$private/tmp XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state

# The logs of the tests lie on the disk, as logs are meant to.
disk=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
export FAIRLEAD_DISK=$disk

# The processes under test trust the authorities of their tests only: each would read all of the system's when it first checks a certificate.
export SSL_CERT_DIR=$private/none SSL_CERT_FILE=$private/none

. eng/results.sh
. eng/stages.sh
. eng/kept.sh

# A build without analyzers takes a quarter of the time. The full run has them.
without_analyzers=(-p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false)

# The tests that quick and changed run: neither those of the full run nor those that start processes or repeat a race for seconds.
short=(-trait- Run=full -trait- Run=slow)

# begin_tests ASSEMBLY ARGUMENT …: starts the tests of an assembly in its Release build, or in $configuration; the arguments are those of its runner.
begin_tests() {
  local name=$1; shift
  XUNIT_HIDE_PASSING_OUTPUT_DIAGNOSTICS=1 begin trx "$name" eng/run-tests.sh "artifacts/bin/$name/${configuration:-release}/$name.dll" -result-trx "$results/$name.trx" "$@"
}

# The tool and the second process of the tests under Native AOT, which take minutes to make.
native_tool=$PWD/artifacts/publish/Fairlead.Cli.Aot/release/fairlead
native_peer=$PWD/artifacts/publish/Fairlead.TestPeer.Aot/release/Fairlead.TestPeer
native_hash() {
  hash_of src tests/Fairlead.TestPeer tests/Fairlead.Conformance eng/*.{props,proj,targets} Directory.* global.json \
    -- "$(dotnet --version)" "$(clang --version 2> /dev/null)"
}
native_images_are_kept() { is_kept aot "$(native_hash)" "$native_tool" "$native_peer"; }
keep_native_images() { keep aot "$1" "$native_tool" "$native_peer"; }

installing=
finish() {
  if [ -n "$installing" ]; then kill -TERM "$installing" 2> /dev/null; wait "$installing"; fi
  end_stages
  dotnet build-server shutdown --vbcscompiler > /dev/null 2>&1
  rm -rf "$private" "$disk"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
