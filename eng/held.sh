#!/usr/bin/env bash
# Runs a command as the leader of a session, writes its exit code into a file, and stays until the FIFO beside it is opened: until then no other
# process can get the session's id, and the shell that started it cannot lose the code to one that did.
# Usage: eng/held.sh FILE COMMAND …     the FIFO is FILE.release
file=$1; shift
"$@"
echo "$?" > "$file.new" && mv "$file.new" "$file"
read -r _ < "$file.release"
