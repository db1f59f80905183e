# Runs the stages of test.sh in sessions of their own, one after the other or beside each other. Sourced by test.sh.

session=

# What runs beside another stage: its session by its name.
declare -A beside=()
begun=()
. eng/sessions.sh

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

# tap NAME COMMAND …: runs a stage that writes TAP, shows what it wrote, and counts it.
tap() {
  local name=$1 file=$results/$1.tap; shift
  stage "$@" > "$file" 2>&1; local code=$?
  cat "$file"
  count_tap "$code" "$file"
}

# begin NAME COMMAND …: starts a stage, with directories of its own, that collect waits for.
begin() {
  local name=$1 here=$private/${#begun[@]}; shift
  begun+=("$name")
  mkdir -m 700 "$here" "$here/state"
  mkfifo "$private/$name.code"
  XDG_RUNTIME_DIR=$here XDG_STATE_HOME=$here/state in_session eng/held.sh "$private/$name.code" "$@" > "$results/$name.log" 2>&1
  beside[$name]=$!
}

# collect NAME: waits for its end; the code is in code, and what it wrote is shown.
collect() {
  local id=${beside[$1]} ended told=
  title "$1 (begun before)"
  exec {ended}<> "$private/$1.code"
  until read -t 1 -r told <&"$ended"; do
    kill -0 "$id" 2> /dev/null || break              # it was killed, and will write nothing
  done
  exec {ended}>&-
  end_stage "$id" "$1"; code=$?
  code=${told:-$code}
  unset "beside[$1]"
  cat "$results/$1.log"
}
