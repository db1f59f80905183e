#!/usr/bin/env bash
# Runs an assembly of tests on a later runtime than that of the SDK, from its runtime package and without installing it.
# Writes below artifacts/ and in a temporary directory that it removes.
# Usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]     VERSION such as 11.0.0, ASSEMBLY a file, ARGUMENT of eng/run-tests.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:?usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]} assembly=${2:?usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]}; shift 2
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT

second=$place/dotnet
eng/second-installation.sh "$version" "$second"

# Nothing is compiled ahead of time here: the peers of the tests are on this runtime, too.
export DOTNET_ROOT=$second DOTNET_ROLL_FORWARD=LatestMajor
DOTNET_HOST_PATH=$second/dotnet eng/run-tests.sh "$assembly" "$@"
