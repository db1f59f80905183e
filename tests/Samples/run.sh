#!/usr/bin/env bash
# Runs the samples' tests: starts both sides of each sample for real, and looks at what they print. The runner is the tool's.
# Usage: run.sh BIN TOOL [FOLDER | FILE …]     BIN is the folder that holds the built projects, TOOL the tool, FOLDER the one of a sample to be
# preferred, such as one that is published with Native AOT; FILE one of the files of tests, all of which are run unless some are named
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "${1:?usage: run.sh BIN TOOL [FOLDER | FILE …]}") || exit 2
for sample in "$here"/../../samples/*/; do PATH=$bin/$(basename "$sample")/${FAIRLEAD_CONFIGURATION:-release}:$PATH; done
tool=${2:?usage: run.sh BIN TOOL [FOLDER | FILE …]}; shift 2
files=()
for place; do if [ -d "$place" ]; then PATH=$(realpath "$place"):$PATH; else files+=("$place"); fi; done
[ ${#files[@]} -gt 0 ] || files=("$here"/*.test.sh)
PATH=$PATH exec "$here/../Fairlead.Cli.Tests/run.sh" "$tool" "${files[@]}"
