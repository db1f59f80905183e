#!/usr/bin/env bash
# Runs an assembly of tests on a later runtime than that of the SDK, from its runtime package and without installing it.
# Writes below artifacts/ and in a temporary directory that it removes.
# Usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]     VERSION such as 11.0.0, ASSEMBLY a file, ARGUMENT of dotnet test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:?usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]} assembly=${2:?usage: eng/on-runtime.sh VERSION ASSEMBLY [ARGUMENT …]}; shift 2
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT

# Restoring a project that is published with this runtime brings its package.
cat > "$place/runtime.csproj" << END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>true</SelfContained>
    <RuntimeFrameworkVersion>$version</RuntimeFrameworkVersion>
  </PropertyGroup>
</Project>
END
dotnet restore "$place/runtime.csproj" -v quiet
pack=$(dotnet msbuild "$place/runtime.csproj" -getProperty:NuGetPackageRoot)microsoft.netcore.app.runtime.linux-x64/$version
[ -d "$pack/runtimes" ] || { echo "on-runtime.sh: there is no runtime package $version" >&2; exit 2; }

# A second installation: the runtimes of the first by links, and beside them the one of the package. The SDK starts the tests there.
first=$(dirname "$(readlink -f "$(command -v dotnet)")") second=$place/dotnet
mkdir -p "$second/shared/Microsoft.NETCore.App/$version"
cp "$first/dotnet" "$second/"
ln -s "$first/host" "$second/"
for shared in "$first/shared"/*/*/; do
  mkdir -p "$second/shared/$(basename "$(dirname "$shared")")"
  ln -s "$shared" "$second/shared/$(basename "$(dirname "$shared")")/"
done
# No links: the runtime looks for its core library beside itself.
cp "$pack"/runtimes/linux-x64/lib/*/* "$pack"/runtimes/linux-x64/native/* "$second/shared/Microsoft.NETCore.App/$version/"

# Nothing is compiled ahead of time here: the peers of the tests are on this runtime, too.
export DOTNET_ROOT=$second DOTNET_ROLL_FORWARD=LatestMajor
dotnet test "$assembly" "$@" -- RunConfiguration.DotNetHostPath="$second/dotnet"
