# Runs commands in sessions of their own, so that whatever they start can be found again, and ended. Sourced by the test scripts.

# in_session COMMAND …: starts it in the background, as the leader of a new session whose id is then $!. A shell lets its background
# commands ignore Ctrl-C, and their children inherit that; here they must not, since programs under test are interrupted.
in_session() { setsid env --default-signal=INT,QUIT "$@" < /dev/null & }

# session_members ID: its living processes, one "pid command line" each.
session_members() {
  local file pid rest fields
  for file in /proc/[0-9]*/stat; do
    read -r pid rest 2> /dev/null < "$file" || continue
    read -ra fields <<< "${rest##*) }"               # behind the program's name: state, parent, group, session …
    if [ "${fields[3]}" = "$1" ] && [ "${fields[0]}" != Z ]; then
      echo "$pid $(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline")"
    fi
  done
}

# end_session ID: kills what is left of it.
end_session() {
  local pid _
  session_members "$1" | while read -r pid _; do kill -KILL "$pid" 2> /dev/null; done
}
