# Chooses tests by eng/selection.txt, and runs them in a Debug build without analyzers. Sourced by eng/quick.sh and eng/changed.sh.

selection=eng/selection.txt
slow_patterns() { sed -n 's/^slow  *\([^ ]*\).*/\1/p' "$selection"; }

# The filter of quick, and that of the tests of the library that quick leaves out. Each test passes one of the two.
quick_filter() { slow_patterns | sed 's/^/FullyQualifiedName!~/' | paste -sd '&'; }
rest_filter() { slow_patterns | sed 's/^/FullyQualifiedName~/' | paste -sd '|'; }

# areas_of FILE: the "PROJECT PATTERN" lines of the longest folder that contains the file.
areas_of() {
  local folder=$1 found
  while folder=$(dirname "$folder"); do
    found=$(awk -v folder="$folder" '$1 == "area" && $2 == folder { print $3, $4 }' "$selection")
    if [ -n "$found" ]; then echo "$found"; return; fi
    [ "$folder" != . ] || return 1
  done
}

# tests_in FILE: the "PROJECT PATTERN" lines of a file of tests: its own tests, or those that inherit its contract, or those of its folder.
tests_in() {
  local file=$1 project name nested
  name=$(basename "$file" .cs); name=${name%%.*}
  case $file in
    tests/Fairlead.Conformance/Contracts/*Contract*.cs)
      grep -Hor "class [A-Za-z]*([^)]*) : $name(" --include=*.cs tests/*.Tests | while IFS=: read -r file nested _; do
        project=${file#tests/}; nested=${nested#class }
        echo "${project%%/*} $(basename "$file" .cs)+${nested%%(*}"
      done ;;
    tests/*.Tests/*.cs)
      project=${file#tests/}; project=${project%%/*}
      case $name in
        *Tests | *Contracts) echo "$project .$name" ;;
        *) echo "$project $(dirname "${file#tests/}" | tr / .)." ;;
      esac ;;
    tests/*.Tests/*)
      project=${file#tests/}; echo "${project%%/*} all" ;;
    *) return 1 ;;
  esac
}

# selected_for FILE …: the "PROJECT PATTERN" lines of changed files.
selected_for() {
  local file
  for file; do tests_in "$file" || areas_of "$file"; done | sort -u
}

# filter_of PATTERN …: the filter of all of them together. An empty one passes all.
filter_of() {
  local pattern filter=
  for pattern; do
    case $pattern in
      all) return ;;
      quick) filter+="|($(quick_filter))" ;;
      *) filter+="|FullyQualifiedName~$pattern" ;;
    esac
  done
  echo "${filter#|}"
}

# open_selection: makes the private directories, and removes them at the end.
open_selection() {
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off UseSharedCompilation=true
  results=$PWD/artifacts/test-results/debug
  rm -rf "$results"; mkdir -p "$results"
  private=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
  trap 'rm -rf "$private"' EXIT
  mkdir -m 700 "$private/run" "$private/state"
  failures=$private/failures
  export XDG_RUNTIME_DIR=$private/run XDG_STATE_HOME=$private/state
  . eng/results.sh
}

# run_selection PROJECT FILTER: builds the project, and runs its tests that pass the filter. A filter that no test passes has failed, unless
# others are tried, too (may_be_empty).
may_be_empty=
run_selection() {
  title "build of $1"
  dotnet build "tests/$1" -c Debug -v quiet --nologo -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false || { fail "the build of $1"; return; }
  title "$1"
  XUNIT_HIDE_PASSING_OUTPUT_DIAGNOSTICS=1 eng/run-tests.sh "artifacts/bin/$1/debug/$1.dll" -result-trx "$results/$1.trx" ${2:+-filterVSTest "$2"} \
    > "$results/$1.log" 2>&1
  local code=$?
  if [ -n "$may_be_empty" ] && grep -q ' Total: 0$' "$results/$1.log"; then
    echo "no test passes the filter"
  else
    count_trx "$code" "$results/$1.trx"
  fi
}
