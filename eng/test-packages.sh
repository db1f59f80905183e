#!/usr/bin/env bash
# Packs what the Release build has made, installs the tool from that folder alone, and follows the page of the first steps. Speaks TAP; run by
# test.sh, after the build.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
place=$(mktemp -d); packages=$place/artifacts/packages
trap 'rm -rf "$place"' EXIT

number=0 failures=0
check() {
  local name=$1; shift
  number=$((number + 1))
  if "$@" > "$place/log" 2>&1; then echo "ok $number - $name"; else
    echo "not ok $number - $name"; sed 's/^/# /' "$place/log"; failures=$((failures + 1))
  fi
}

# A zip archive holds the names of its files as they are.
holds() { local part; for part in "${@:2}"; do grep -aqF "$part" "$1" || { echo "$1 lacks $part"; return 1; }; done; }
is_complete() {
  holds "$packages/Fairlead".[0-9]*.nupkg README.md LICENSE lib/net10.0/Fairlead.xml \
    && holds "$packages/Fairlead".[0-9]*.snupkg lib/net10.0/Fairlead.pdb \
    && holds "$packages/Fairlead.Rpc".[0-9]*.nupkg README.md LICENSE lib/net10.0/Fairlead.Rpc.xml \
      analyzers/dotnet/cs/Fairlead.Rpc.Generator.dll \
    && holds "$packages/Fairlead.RabbitMQ".[0-9]*.nupkg README.md LICENSE lib/net10.0/Fairlead.RabbitMQ.xml \
    && holds "$packages/Fairlead.Cli".[0-9]*.nupkg README.md LICENSE DotnetToolSettings.xml \
    && holds "$packages/Fairlead.Cli".[0-9]*.snupkg Fairlead.Cli.pdb
}

# The packages of a tool installation are its own: nothing goes into, or comes from, the user's cache.
installs() { NUGET_PACKAGES=$place/cache dotnet tool install --tool-path "$place/tool" --source "$packages" Fairlead.Cli; }
answers() { "$place/tool/fairlead" --version | grep -E '^[0-9]+\.[0-9]+\.[0-9]+'; }

check "the library and the tool are packed" dotnet pack Fairlead.slnx -c Release --no-build -p:PackageOutputPath="$packages"
check "the packages hold readme, licence, documentation and symbols" is_complete
check "the tool installs from the folder of packages alone" installs
check "the installed tool starts" answers
check "docs/getting-started.md is what happens" eng/test-getting-started.sh "$place"
echo "1..$number"
[ "$failures" -eq 0 ]
