# What a test of the tool may use. A test fails by the first command that fails (bash -e), skips by skip, and never sleeps. The tool
# is fairlead, on the PATH; the working directory is the test's own. Job control is on: what is started with & can be interrupted by
# kill -INT, as Ctrl-C would, and need not be ended.

# skip REASON: ends the test without a verdict.
skip() { echo "$1"; exit 77; }

# needs PROGRAM …: skips where the machine has not what the test talks to.
needs() { local program; for program in "$@"; do command -v "$program" > /dev/null || skip "$program is not installed"; done; }

# equal EXPECTED ACTUAL
equal() { [ "$1" = "$2" ] || { printf 'expected: %q\nactual:   %q\n' "$1" "$2"; return 1; }; }

# contains TEXT PART
contains() { [[ $1 == *"$2"* ]] || { printf 'expected to contain: %q\nactual: %q\n' "$2" "$1"; return 1; }; }

# absent PATTERN FILE …: no line of the files matches. (A command behind ! never fails a test, unless it is the last; run.sh refuses it.)
absent() {
  local pattern=$1 file; shift
  for file in "$@"; do [ -e "$file" ] || { echo "there is no file $file"; return 1; }; done
  if grep -H -e "$pattern" "$@"; then echo "expected nowhere: $pattern"; return 1; fi
}

# exits CODE COMMAND …: runs a command that must end with this code. Its output goes to the files out and err.
exits() {
  local expected=$1 code=0; shift
  "$@" > out 2> err || code=$?
  [ "$code" -eq "$expected" ] || { echo "expected exit $expected, was $code: $*"; cat out err; return 1; }
}

# line_in FILE PATTERN: waits until a background command has written such a line, as a server says on stderr that it listens.
line_in() { touch "$1"; grep -q -m 1 -e "$2" <(tail -n +1 -f "$1"); }
