#!/usr/bin/env bash
# Follows docs/getting-started.md in an empty folder: writes its programs, types its commands, and compares what they print.
# usage: test-getting-started.sh FOLDER, which has artifacts/packages. Only the commands of the first block (packing) are left out.
set -uo pipefail
FAIRLEAD=$(realpath "${1:?usage: $0 FOLDER}") && export FAIRLEAD
page=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../docs/getting-started.md")
place=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
trap 'rm -rf "$place"' EXIT
export NUGET_PACKAGES=$place/cache XDG_RUNTIME_DIR=$place/run DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off
mkdir -m 700 "$XDG_RUNTIME_DIR" && mkdir "$place/work" && cd "$place/work" || exit 1

# Commands of dotnet talk to people; what the programs print is compared. Process numbers differ.
awk -v expected="$place/expected" '
  /^```csharp$/ { kind = "program"; print "cat > Program.cs <<\"END OF PROGRAM\""; next }
  /^```console$/ { kind = "commands"; next }
  /^```/ { if (kind == "program") print "END OF PROGRAM"; kind = kind == "" && $0 != "```" ? "other" : ""; next }
  kind == "program" { print; typed++ }
  kind == "commands" && /^\$ dotnet / { print substr($0, 3) " > log 2>&1 || { cat log; exit 1; }"; typed++; next }
  kind == "commands" && /^\$ / { print substr($0, 3); typed++; next }
  kind == "commands" { print > expected }
  END { print "kill %% 2> /dev/null"; print typed " lines to type" > "/dev/stderr" }' "$page" > "$place/script"

numbers() { sed -E 's/pid [0-9]+/pid N/' "$1"; }
timeout 300 bash "$place/script" > "$place/printed" 2> "$place/errors"
if ! diff <(numbers "$place/expected") <(numbers "$place/printed"); then
  echo "docs/getting-started.md is not what happens (<: the page, >: this run)"
  cat "$place/errors"
  exit 1
fi
