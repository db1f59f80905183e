#!/usr/bin/env bash
# Runs the tests of the library that need no second process, or all tests whose full name contains NAME, in a Debug build without analyzers.
# Only Debug builds check the order of locks. Run by ./test.sh quick [NAME].
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. eng/selection.sh
[ $# -le 1 ] || { echo "usage: ./test.sh quick [NAME]" >&2; exit 2; }
open_selection
if [ -z "${1:-}" ]; then
  run_selection Fairlead.Tests "$(quick_filter)"
  echo "Left out: the analyzers, Native AOT, the tests of the other assemblies, samples, packages, models, and the tests whose names contain:"
  slow_patterns | paste -sd ' ' | fold -s -w 120
else
  # The classes, tests and folders that are called like this. A contract's tests are those of the assemblies that inherit it.
  word=${1##*[+.]}
  projects=$({ grep -rlE "(class|Task|void|namespace) [A-Za-z0-9_.]*$word" --include=*.cs tests/*.Tests
    grep -rqE "(Task|void) [A-Za-z0-9_]*$word" --include=*.cs tests/Fairlead.Conformance/Contracts && echo tests/Fairlead.Tests/
  } | cut -d / -f 2 | sort -u)
  may_be_empty=yes
  for project in $projects; do run_selection "$project" "FullyQualifiedName~$1"; done
  [ $((passed + failed + skipped)) -gt 0 ] || fail "no test is called $1"
fi
end
