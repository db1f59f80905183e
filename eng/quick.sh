# The short tests of the library, or all tests whose full name contains NAME, in a Debug build without analyzers: only Debug builds check the order
# of locks. Sourced by test.sh.

configuration=debug
[ $# -le 1 ] || { echo "usage: ./test.sh quick [NAME]" >&2; exit 2; }

# built PROJECT: builds it, and says so if that fails.
built() {
  title "build of $1"
  dotnet build "tests/$1" -c Debug -v quiet "${without_analyzers[@]}" || { fail "the build of $1"; return 1; }
}

if [ -z "${1:-}" ]; then
  built Fairlead.Tests && { begin_tests Fairlead.Tests "${short[@]}"; room 1; }
  echo "Left out: the analyzers, the tests of the other assemblies, and of the library those with the trait Run=full or Run=slow."
else
  # The assemblies that name it. A contract's tests are those of the assemblies that inherit it.
  word=${1##*[+.]}
  projects=$({ grep -rlE "(class|Task|void|namespace) [A-Za-z0-9_.]*$word" --include=*.cs tests/*.Tests
    grep -rqE "(Task|void) [A-Za-z0-9_]*$word" --include=*.cs tests/Fairlead.Conformance/Contracts && echo tests/Fairlead.Tests/
  } | cut -d / -f 2 | sort -u)
  may_be_empty=yes
  for project in $projects; do built "$project" && { begin_tests "$project" -method "*$1*"; room 1; }; done
  [ $((passed + failed + skipped)) -gt 0 ] || fail "no test is called $1"
fi
end
