#!/usr/bin/env bash
# Makes an installation of .NET with a later runtime beside those of the installed one and with its SDK, from the runtime package. It takes 80 MB.
# Usage: eng/second-installation.sh VERSION PLACE     VERSION such as 11.0.0; PLACE becomes its directory, with a program dotnet
set -euo pipefail
version=${1:?usage: eng/second-installation.sh VERSION PLACE} second=${2:?usage: eng/second-installation.sh VERSION PLACE}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off
project=$(mktemp -d); trap 'rm -rf "$project"' EXIT

# Restoring a project that is published with this runtime brings its package.
cat > "$project/runtime.csproj" << END
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
dotnet restore "$project/runtime.csproj" -v quiet
pack=$(dotnet msbuild "$project/runtime.csproj" -getProperty:NuGetPackageRoot)microsoft.netcore.app.runtime.linux-x64/$version
[ -d "$pack/runtimes" ] || { echo "second-installation.sh: there is no runtime package $version" >&2; exit 2; }

# A second installation: the SDK and the runtimes of the first by links, and beside them the one of the package.
first=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir -p "$second/shared/Microsoft.NETCore.App/$version"
cp "$first/dotnet" "$second/"
for part in host sdk sdk-manifests packs; do [ ! -d "$first/$part" ] || ln -s "$first/$part" "$second/"; done
for shared in "$first/shared"/*/*/; do
  mkdir -p "$second/shared/$(basename "$(dirname "$shared")")"
  ln -s "$shared" "$second/shared/$(basename "$(dirname "$shared")")/"
done
# No links: the runtime looks for its core library beside itself.
cp "$pack"/runtimes/linux-x64/lib/*/* "$pack"/runtimes/linux-x64/native/* "$second/shared/Microsoft.NETCore.App/$version/"
