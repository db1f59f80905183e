#!/usr/bin/env bash
# Counts under one named mutex with programs on two runtimes and compiled ahead of time, once with the platform's mutex and once with Fairlead's.
# Writes below artifacts/ and in a temporary directory that it removes. Ends with 0 where Fairlead's mutex has lost nothing.
# Usage: eng/mutex-on-runtimes.sh [VERSION [TIMES [ROUNDS]]]     VERSION of the later runtime (11.0.0), TIMES that each program counts (200000), ROUNDS of each line (3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:-11.0.0} times=${2:-200000} rounds=${3:-3}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_ROLL_FORWARD=LatestMajor
place=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$place"' EXIT
mkdir -m 700 "$place/run"
export XDG_RUNTIME_DIR=$place/run

for name in Fairlead.NamedHandles.Peer Fairlead.NamedHandles.PlatformPeer; do
  dotnet build "tests/$name" -c Release -v quiet
  dotnet publish "tests/$name" -c Release -v quiet -p:FairleadAot=true -p:RunAnalyzers=false
done
eng/second-installation.sh "$version" "$place/later"
first=$(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \([^ ]*\).*/\1/p' | tail -n 1)

# start PACKAGE KIND: a program that counts, by its kind.
start() {
  local name=Fairlead.NamedHandles.$1
  case $2 in
    first) exec timeout 120 dotnet exec "artifacts/bin/$name/release/$name.dll" "${@:3}" ;;
    later) DOTNET_ROOT=$place/later exec timeout 120 "$place/later/dotnet" exec "artifacts/bin/$name/release/$name.dll" "${@:3}" ;;
    image) exec timeout 120 "artifacts/publish/$name.Aot/release/$name" "${@:3}" ;;
  esac
}

# count PACKAGE KIND …: prints how much was counted, and what the mutex reported.
count() {
  local package=$1 kind number=0 name; shift
  name=count-$RANDOM$RANDOM
  head -c 8 /dev/zero > "$place/count"
  rm -f "$place"/said-*
  for kind in "$@"; do
    number=$((number + 1))
    start "$package" "$kind" count "$name" "$place/count" "$times" < /dev/null > "$place/said-$number" 2>&1 &
  done
  wait || true
  counted=$(od -An -td8 "$place/count" | tr -d ' ')
  reported=$(cat "$place"/said-* | grep -v ready | sort | uniq -c | sed 's/^ *//; s/^\([0-9]*\) /\1 × /' | paste -sd ';')
  echo "| $package | $* | $counted of $((times * number)) | $reported |"
  [ "$counted" -eq $((times * number)) ]
}

echo "$(date -u +%Y-%m-%d), .NET $first and $version, $(uname -sr)"
echo '| programs | on | counted | what they said |'
echo '|---|---|---|---|'
lost=0
for ((i = 0; i < rounds; i++)); do
  for kinds in 'first first' 'later later' 'image image' 'first image' 'first later' 'first later image'; do
    # shellcheck disable=SC2086 # Several words.
    count PlatformPeer $kinds || true
    # shellcheck disable=SC2086
    count Peer $kinds || lost=$((lost + 1))
  done
done
[ "$lost" -eq 0 ]
