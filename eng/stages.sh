# Runs the stages of a test run in sessions of their own, a few at the same time. Sourced by eng/environment.sh.

# Of each stage that runs: its session, the second in which it began, and how its results are counted.
declare -A stage_session=() stage_began=() stage_kind=()
running=()
. eng/sessions.sh

# begin KIND NAME COMMAND …: starts a stage with private directories. KIND is trx, tap or plain; the results are in $results/NAME.{trx,log}.
begin() {
  local kind=$1 name=$2 here=$private/stage-$2; shift 2
  mkdir -m 700 "$here" "$here/state"
  mkfifo "$private/$name.code.release"
  XDG_RUNTIME_DIR=$here XDG_STATE_HOME=$here/state in_session eng/held.sh "$private/$name.code" "$@" > "$results/$name.log" 2>&1
  stage_session[$name]=$! stage_began[$name]=$SECONDS stage_kind[$name]=$kind
  running+=("$name")
}

# collect: waits until one of the running stages has ended, and counts its results. Its name is in $collected.
collect() {
  local name code
  while true; do
    for name in "${running[@]}"; do
      # A leader that was killed writes no exit code.
      if [ -e "$private/$name.code" ] || ! kill -0 "${stage_session[$name]}" 2> /dev/null; then break 2; fi
    done
    sleep 0.1
  done
  collected=$name
  titled "$name" "${stage_began[$name]}"
  end_stage "${stage_session[$name]}" "$name"; code=$?
  forget "$name"
  case ${stage_kind[$name]} in
    trx) grep -vE '^ *$' "$results/$name.log" | tail -n 40; count_trx "$code" "$results/$name.trx" ;;
    tap) cat "$results/$name.log"; count_tap "$code" "$results/$name.log" ;;
    plain) tail -n 40 "$results/$name.log"; [ "$code" -eq 0 ] || fail "$name ended with $code" ;;
  esac
  [ "$code" -eq 0 ]
}

# collect_until NAME: collects stages until this one has ended; returns whether it succeeded.
collect_until() {
  local code
  while true; do
    collect; code=$?
    [ "$collected" != "$1" ] || return "$code"
  done
}

# room MOST: collects stages until fewer than MOST are running.
room() { while [ ${#running[@]} -ge "$1" ]; do collect; done; }

forget() {
  local name left=()
  for name in "${running[@]}"; do [ "$name" = "$1" ] || left+=("$name"); done
  running=("${left[@]}")
}

# end_stage ID NAME: reports and ends the processes that a session left behind, and returns its exit code.
end_stage() {
  local code left release pid id=$1 name=$2
  for _ in {1..50}; do                               # processes that are exiting may need a moment
    left=$(session_members "$id" | grep -v "^$id "); [ -n "$left" ] || break
    sleep 0.1
  done
  if [ -n "$left" ]; then
    fail "$name left processes behind:"
    echo "$left" | tee -a "$failures"
    while read -r pid _; do kill -KILL "$pid" 2> /dev/null; done <<< "$left"
  fi
  if [ -e "$private/$name.code" ]; then
    code=$(< "$private/$name.code")
    exec {release}<> "$private/$name.code.release"
    echo >&"$release"; wait "$id"                     # open until the leader has exited, so the line cannot be lost
    exec {release}>&-
  else
    wait "$id"; code=$?
  fi
  return "$code"
}

# end_stages: ends all that still run, for an interrupted run.
end_stages() {
  local name id
  for name in "${running[@]}"; do
    id=${stage_session[$name]}
    kill -TERM "$id" 2> /dev/null
    end_session "$id"
  done
}
