#!/usr/bin/env bash
# Builds Fairlead and runs its tests. Writes below artifacts/ and in temporary directories that it removes, uses no network except the loopback
# (restoring packages apart), and leaves no process behind. The last line is "N passed, N failed, N skipped"; the exit code is 0 if nothing failed.
# What would be made a second time from the same files is kept below artifacts/kept.
# Usage: ./test.sh                  what a change is likely to break, in about five minutes on two processors
#        ./test.sh full [PART …]    everything, or the parts library, tool, rpc, handles, broker, docs, packages, models, mutations
#        ./test.sh quick [NAME]     a Debug build, and the short tests of the library; or the tests whose full name contains NAME
#        ./test.sh changed          a Debug build of what the differences from the main branch reach, and its short tests
# With --install the script first installs the programs that the tests need and that are missing (apt-get, as root).
set -uo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

# What nohup ignores would be ignored by the programs under test, too, and no shell can undo that.
if [ $((0x$(awk '/^SigIgn/ { print $2 }' /proc/$$/status) & 1)) -ne 0 ]; then exec env --default-signal=HUP "$PWD/test.sh" "$@"; fi

install= words=()
for word; do case $word in --install) install=yes ;; *) words+=("$word") ;; esac; done
set -- "${words[@]}"
run=${1:-default}; shift
case $run in
  default) [ $# -eq 0 ] || { echo "usage: ./test.sh [full [PART …] | quick [NAME] | changed] [--install]" >&2; exit 2; } ;;
  full | quick | changed) ;;
  *) echo "test.sh: '$run' is not a run; the runs are full, quick and changed, or the default one without a word" >&2; exit 2 ;;
esac
command -v dotnet > /dev/null || { echo "test.sh: dotnet is not installed; install the .NET SDK 10" >&2; exit 1; }

. eng/environment.sh
title "tools"
. eng/tools.sh
rm -rf "$results"; mkdir -p "$results"
. "eng/$run.sh"
