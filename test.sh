#!/usr/bin/env bash
# Builds everything once and runs every test: the xunit assemblies, the packages, the tool's shell tests, the models, and the samples. The tool, and most
# second processes of the tests, are published with Native AOT where that can be done. Writes below artifacts/ and in temporary directories that it removes,
# uses no network but the loopback (restoring packages and installing missing tools apart), and leaves no process behind.
# What would be made a second time from the same files is kept below artifacts/kept: the AOT images, the models' searches, the test of the packages.
# The last line is "N passed, N failed, N skipped"; the exit code is 0 where nothing failed.
# Usage: ./test.sh                  everything
#        ./test.sh quick [NAME]     a Debug build, and the tests of the library that need no second process; or those whose name contains NAME
#        ./test.sh changed          a Debug build, and the tests of the folders that differ from the main branch
set -uo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
case ${1:-} in
  "") ;;
  quick | changed) exec "eng/$1.sh" "${@:2}" ;;
  *) echo "test.sh: $1 is not a way to test; it is quick, changed, or nothing" >&2; exit 2 ;;
esac

# What nohup ignores would be ignored by the programs under test, too, and no shell can undo that.
if [ $((0x$(awk '/^SigIgn/ { print $2 }' /proc/$$/status) & 1)) -ne 0 ]; then exec env --default-signal=HUP "$PWD/test.sh"; fi

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
mkdir -m 700 "$private/run" "$private/tmp" "$private/state"
failures=$private/failures
export TMPDIR=$private/tmp

# The logs of the tests lie on the disk, as logs are meant to.
disk=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
. eng/results.sh
. eng/stages.sh
. eng/kept.sh

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

# The assemblies of tests.
names_of_tests() { local project; for project in tests/*.Tests/*.csproj; do basename "$project" .csproj; done; }

# tests_of ASSEMBLY: sets command to what runs its tests. Their own authorities are the only ones: each of the many processes that use tls:// would
# read all of the system's when it first looks at a certificate.
tests_of() {
  command=(env SSL_CERT_DIR="$private/none" SSL_CERT_FILE="$private/none"
    XUNIT_HIDE_PASSING_OUTPUT_DIAGNOSTICS=1 eng/run-tests.sh "artifacts/bin/$1/release/$1.dll" -result-trx "$results/$1.trx")
}

# --- what the machine must have ---------------------------------------------------------------------------------------------------

title "tools"
command -v dotnet > /dev/null || { fail "dotnet is not installed (the .NET SDK 10 is needed)"; end; }
. eng/tools.sh

# --- build ------------------------------------------------------------------------------------------------------------------------

title "build"
rm -rf "$results"; mkdir -p "$results"

dotnet build Fairlead.slnx -c Release -v minimal || { fail "the build"; end; }

# These tests wait for much of their time, and need nothing of what is published: the compiler has the processors meanwhile.
early=(Fairlead.Docs.Tests Fairlead.RabbitMQ.Tests Fairlead.Rpc.Tests)
for name in "${early[@]}"; do
  tests_of "$name"
  begin "$name" "${command[@]}"
done

tool=artifacts/bin/Fairlead.Cli/release/fairlead
peer=
title "publish with Native AOT"
if has clang && has_zlib; then
  images=(artifacts/publish/{Fairlead.Cli.Aot/release/fairlead,Fairlead.TestPeer.Aot/release/Fairlead.TestPeer})
  made_from=$(hash_of src tests/Fairlead.TestPeer tests/Fairlead.Conformance \
    eng/*.{props,proj,targets} Directory.* global.json -- "$(dotnet --version)" "$(clang --version)")
  if is_kept aot "$made_from" "${images[@]}"; then
    echo "The images are kept: they were made from the same files."
  elif nice -n 5 dotnet msbuild eng/Aot.proj -m -v:minimal; then
    keep aot "$made_from" "${images[@]}"
  else
    fail "publishing with Native AOT"; images=()
  fi
  if [ ${#images[@]} -gt 0 ]; then tool=${images[0]} peer=${images[1]}; fi
else
  skip 1 "Native AOT needs clang and zlib1g-dev; the tool and the second processes of the tests are what the JIT runs"
fi

# --- test -------------------------------------------------------------------------------------------------------------------------

if [ -n "$peer" ]; then
  title "the library under Native AOT"
  tap aot "$peer" checks
fi

# The longest assembly first. The samples and the tool's shell tests wait for half of their time. The models need what the others leave of
# the processors, and so do the packages, which are tested after the longest assembly.
begin samples tests/Samples/run.sh artifacts/bin "$tool"
begin tool tests/Fairlead.Cli.Tests/run.sh "$PWD/$tool"
begin models nice -n 19 eng/kept-tap.sh models "$(hash_of models -- "$(spin -V 2> /dev/null)" "$(clang --version 2> /dev/null)")" models/check.sh
run=()
for project in Fairlead.Tests $(names_of_tests); do
  case " ${early[*]} ${run[*]} " in *" $project "*) continue ;; esac
  run+=("$project")
  title "$project"
  tests_of "$project"
  exec {shown}> >(tee "$results/$project.log"); tee=$!
  FAIRLEAD_TOOL=$PWD/$tool FAIRLEAD_COMPILED_PEER=${peer:+$PWD/$peer} FAIRLEAD_DISK=$disk stage "${command[@]}" >&"$shown" 2>&1
  code=$?
  exec {shown}>&-; wait "$tee"
  count_trx "$code" "$results/$project.trx"
  if [ "$project" = Fairlead.Tests ]; then
    begin packages nice -n 5 eng/kept-tap.sh packages "$(hash_of src eng/*.{props,targets,awk,png} eng/notices eng/third-party-notices \
      eng/test-{packages,getting-started}.sh docs/{getting-started.md,hosting.md,named-handles.md,package} LICENSE THIRD-PARTY-NOTICES.txt \
      Directory.* global.json -- "$(dotnet --version)")" eng/test-packages.sh
  fi
done

for name in "${early[@]}"; do
  collect "$name"
  count_trx "$code" "$results/$name.trx"
done
for name in samples tool models packages; do
  collect "$name"
  count_tap "$code" "$results/$name.log"
done

end
