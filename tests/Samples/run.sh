#!/usr/bin/env bash
# Runs the samples' tests: starts both sides of each sample for real, and looks at what they print. The runner is the tool's.
# Usage: run.sh BIN TOOL [FOLDER …]     BIN is the folder that holds the built projects, TOOL the tool, FOLDER that of a sample to be preferred:
# one that is published with Native AOT
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "${1:?usage: run.sh BIN TOOL [FOLDER …]}") || exit 2
for sample in "$here"/../../samples/*/; do PATH=$bin/$(basename "$sample")/release:$PATH; done
tool=${2:?usage: run.sh BIN TOOL [FOLDER …]}; shift 2
for folder; do PATH=$(realpath "$folder"):$PATH; done
PATH=$PATH exec "$here/../Fairlead.Cli.Tests/run.sh" "$tool" "$here"/*.test.sh
