#!/usr/bin/env bash
# Packs what the Release build has made, installs the tool from that folder alone, and follows the page of the first steps. Speaks TAP; run by
# test.sh, after the build.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# A compiler server that this stage started would outlive it.
export UseSharedCompilation=false
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

# What changes the directory or the environment does so for itself.
in_a_shell() { ("$@"); }

# A zip archive holds the names of its files as they are.
holds() { local part; for part in "${@:2}"; do grep -aqF "$part" "$1" || { echo "$1 lacks $part"; return 1; }; done; }
is_complete() {
  holds "$packages/Fairlead".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.xml \
    && holds "$packages/Fairlead".[0-9]*.snupkg lib/net10.0/Fairlead.pdb \
    && holds "$packages/Fairlead.Rpc".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.Rpc.xml \
      analyzers/dotnet/cs/Fairlead.Rpc.Generator.dll \
    && holds "$packages/Fairlead.RabbitMQ".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.RabbitMQ.xml \
    && holds "$packages/Fairlead.Hosting".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.Hosting.xml \
    && holds "$packages/Fairlead.NamedHandles".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.NamedHandles.xml \
      analyzers/dotnet/cs/Fairlead.NamedHandles.Generator.dll build/Fairlead.NamedHandles.props build/Fairlead.NamedHandles.targets \
    && holds "$packages/Fairlead.OpenTelemetry".[0-9]*.nupkg README.md icon.png LICENSE lib/net10.0/Fairlead.OpenTelemetry.xml \
    && holds "$packages/Fairlead.Cli".[0-9]*.nupkg README.md icon.png LICENSE THIRD-PARTY-NOTICES.txt DotnetToolSettings.xml \
    && holds "$packages/Fairlead.Cli".[0-9]*.snupkg Fairlead.Cli.pdb
}

# The packages of a tool installation are its own: nothing goes into, or comes from, the user's cache.
installs() { NUGET_PACKAGES=$place/cache dotnet tool install --prerelease --tool-path "$place/tool" --source "$packages" Fairlead.Cli; }

# One version for all: that of the packages' names, of what they contain, and of what they ask for.
version_of() { basename "$packages/$1".[0-9]*.nupkg .nupkg | cut -c "$((${#1} + 2))-"; }
says() { [ "$1" = "$2" ] || { echo "$3 is $1, and must be $2"; return 1; }; }
has_one_version() {
  local id version; version=$(version_of Fairlead)
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+-dev\.[0-9]+$ ]] || { echo "$version does not count the commits"; return 1; }
  for id in Fairlead.Rpc Fairlead.RabbitMQ Fairlead.Hosting Fairlead.OpenTelemetry Fairlead.NamedHandles Fairlead.Cli; do says "$(version_of "$id")" "$version" "the version of $id" || return 1; done
  says "$("$place/tool/fairlead" --version | cut -d + -f 1)" "$version" "the version of the installed tool"
}

# A package that uses internals of another one, which the compiled assembly of that one says, asks for exactly its version; any other for at least it.
opens_itself_to() { grep -qF "InternalsVisibleTo(\"$2\")" "artifacts/obj/$1/release/$1.AssemblyInfo.cs"; }
asks_for_its_fairlead() {
  local nuspec id other demanded exact=0 least=0
  for nuspec in "$place/nuspec"/*.nuspec; do
    id=$(sed -n 's:.*<id>\(.*\)</id>.*:\1:p' "$nuspec")
    while read -r other demanded; do
      if opens_itself_to "$other" "$id"; then
        says "$demanded" "[$(version_of "$other")]" "the version of $other that $id asks for" || return 1
        exact=$((exact + 1))
      else
        says "$demanded" "$(version_of "$other")" "the version of $other that $id asks for" || return 1
        least=$((least + 1))
      fi
    done < <(sed -n 's/.*<dependency id="\(Fairlead[^"]*\)" version="\([^"]*\)".*/\1 \2/p' "$nuspec")
  done
  [ "$exact" -ge 2 ] && [ "$least" -ge 3 ] || { echo "$exact exact versions and $least others were found"; return 1; }
}

# The nuspec of each package, as packing wrote it; and what the packages hold as documentation.
names_its_repository() {
  local url nuspec; url=$(sed -n 's/.*<FairleadUrl>\(.*\)<.*/\1/p' Directory.Build.props)
  for nuspec in "$place/nuspec"/*.nuspec; do
    for part in "<projectUrl>$url</projectUrl>" "<repository type=\"git\" url=\"$url\"" "<releaseNotes>$url/" '<icon>icon.png</icon>' '<readme>README.md</readme>'; do
      grep -qF "$part" "$nuspec" || { echo "$nuspec lacks $part"; return 1; }
    done
  done
}
documents_the_public_types_only() {
  local name types documented
  for name in Fairlead Fairlead.Rpc Fairlead.RabbitMQ Fairlead.Hosting Fairlead.OpenTelemetry Fairlead.NamedHandles; do
    types=$(grep -c '^[a-z]' "src/$name/PublicAPI.txt"); documented=$(grep -c '<member name="T:' "artifacts/obj/$name/release/public/$name.xml")
    says "$documented" "$types" "the number of documented types of $name" || return 1
  done
}
# The first two blocks of docs/hosting.md: its commands with the packages of this run, then its program.
follows_the_page_of_the_host() {
  mkdir "$place/host" && cd "$place/host" || return 1
  awk '/^```/ { if (kind) exit; kind = $0 == "```sh"; next } kind' "$OLDPWD/docs/hosting.md" | sed "s:/path/to/fairlead/artifacts/packages:$packages:" > commands
  awk '/^```/ { if (kind) exit; kind = $0 == "```csharp"; next } kind' "$OLDPWD/docs/hosting.md" > program
  export NUGET_PACKAGES=$place/cache
  . ./commands && mv ../program Program.cs && rm Worker.cs && dotnet build -v quiet -warnaserror
}
# The commands and the program of docs/named-handles.md: a program for Windows, which the package runs here. Compiled for Windows it is the platform's own, and so
# is a project that refers to it.
has_no_alias() { grep -q System "$1" && ! grep Fairlead "$1"; }
follows_the_page_of_named_handles() {
  local page=$PWD/docs/named-handles.md
  mkdir "$place/handles" && cd "$place/handles" || return 1
  awk '/^```/ { if (kind) exit; kind = $0 == "```sh"; next } kind' "$page" | sed "s:/path/to/fairlead/artifacts/packages:$packages:" > commands
  awk '/^```/ { if (kind) exit; kind = $0 == "```csharp"; next } kind' "$page" > program
  export NUGET_PACKAGES=$place/cache XDG_RUNTIME_DIR=$place/handles/run
  mkdir -m 700 "$XDG_RUNTIME_DIR"
  . ./commands && mv ../program Program.cs && dotnet build -v quiet -warnaserror && says "$(dotnet run --no-build)" "an order for 42 pears" "the output" || return 1
  dotnet new console -o ../User && cd ../User && cp ../Shop/nuget.config . && dotnet add reference ../Shop && dotnet build -v quiet -warnaserror || return 1
  has_no_alias obj/*/net10.0/User.GlobalUsings.g.cs || return 1
  cd ../Shop && sed -i 's:net10.0<:net10.0-windows<:' Shop.csproj \
    && dotnet build -v quiet -warnaserror -p:EnableWindowsTargeting=true -p:DisableTransitiveFrameworkReferenceDownloads=true \
    && has_no_alias obj/*/net10.0-windows/Shop.GlobalUsings.g.cs
}
notices_are_fresh() { diff THIRD-PARTY-NOTICES.txt <(eng/third-party-notices); }

check "the library and the tool are packed" dotnet pack Fairlead.slnx -c Release --no-build \
  -p:PackageOutputPath="$packages" -p:NuspecOutputPath="$place/nuspec/"
check "the packages hold readme, licence, documentation and symbols" is_complete
check "each package names the repository, and has a page and an icon" names_its_repository
check "the documentation in the packages is that of the public types" documents_the_public_types_only
check "THIRD-PARTY-NOTICES.txt lists what the tool contains" notices_are_fresh
check "the tool installs from the folder of packages alone" installs
check "the packages and the installed tool have one version, which counts the commits" has_one_version
check "a package that uses internals of another one demands exactly its version, and no other package does" asks_for_its_fairlead
check "docs/getting-started.md is what happens" eng/test-getting-started.sh "$place"
check "the program of docs/named-handles.md runs with the package, and its users keep the platform's types" in_a_shell follows_the_page_of_named_handles
check "the worker of docs/hosting.md builds from the packages" in_a_shell follows_the_page_of_the_host
echo "1..$number"
[ "$failures" -eq 0 ]
