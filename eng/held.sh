#!/usr/bin/env bash
# Runs a command as the leader of a session, and stays until its exit code has been read from a FIFO: until then no other process can get
# the session's id, and the shell that started it cannot lose the code to one that did.
# Usage: eng/held.sh FIFO COMMAND …
fifo=$1; shift
"$@"
echo "$?" > "$fifo"
