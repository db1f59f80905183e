#!/usr/bin/env bash
# Makes a Debian package and a tarball of the native tool: the binary, manual pages, completion for bash, zsh and fish, licence and notices. Needs no root.
# Usage: eng/package-tool.sh [DIRECTORY]     DIRECTORY is artifacts/tool unless given
# FAIRLEAD_TOOL names a native binary that exists; otherwise the tool is published here, which takes clang and zlib1g-dev.
# A release (FAIRLEAD_RELEASE=true) has the version without the number of commits.
set -euo pipefail
output=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/../artifacts/tool}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDTERMINALLOGGER=off LC_ALL=C.UTF-8

tool=${FAIRLEAD_TOOL:-}
if [ -z "$tool" ]; then
  dotnet publish src/Fairlead.Cli -p:FairleadAot=true -p:FairleadRelease="${FAIRLEAD_RELEASE:-false}" -p:NativeDebugSymbols=false -v quiet
  tool=artifacts/publish/Fairlead.Cli.Aot/release/fairlead
fi
tool=$(realpath "$tool")
version=$("$tool" --version); version=${version%%+*}
url=$(sed -n 's/.*<FairleadUrl>\(.*\)<.*/\1/p' Directory.Build.props)

# Dates are those of the commit: the same commit makes the same files.
stamp=$(git log -1 --format=%ct 2> /dev/null || date +%s); export SOURCE_DATE_EPOCH=$stamp
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
root=$place/root; umask 022

install -D -m 755 "$tool" "$root/usr/bin/fairlead"
"$tool" manual-pages "$place/man" "$(date -u -d "@$stamp" +%Y-%m-%d)"
mkdir -p "$root/usr/share/man/man1"
for page in "$place"/man/*.1; do gzip -9n < "$page" > "$root/usr/share/man/man1/$(basename "$page").gz"; done
folder() { mkdir -p "$root/usr/share/$1"; echo "$root/usr/share/$1"; }
"$tool" completion bash > "$(folder bash-completion/completions)/fairlead"
"$tool" completion zsh > "$(folder zsh/vendor-completions)/_fairlead"
"$tool" completion fish > "$(folder fish/vendor_completions.d)/fairlead.fish"
documents=$(folder doc/fairlead)
{ echo "Fairlead: $url"; echo; cat LICENSE; echo; echo "What the binary contains beside Fairlead: THIRD-PARTY-NOTICES.txt in this folder."; } > "$documents/copyright"
cp THIRD-PARTY-NOTICES.txt "$documents/"; chmod 644 "$documents/THIRD-PARTY-NOTICES.txt"
gzip -9n < CHANGELOG.md > "$documents/CHANGELOG.md.gz"

# The tarball has the same files below a directory of its version; its bin and share fit /usr/local and ~/.local.
architecture=$(dpkg --print-architecture 2> /dev/null || uname -m)
mkdir -p "$output"
tarball=$output/fairlead-$version-linux-$architecture.tar.gz
tar -C "$root" --transform "s:^\./usr:fairlead-$version:" --sort=name --mtime="@$stamp" --owner=0 --group=0 --numeric-owner -cf - ./usr | gzip -9n > "$tarball"
echo "$tarball"

command -v dpkg-deb > /dev/null || { echo "dpkg-deb is missing: no Debian package is made" >&2; exit 0; }

libc=$(objdump -T "$tool" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 | cut -d _ -f 2)

# A dash would begin a revision, and a tilde sorts before the release.
debian_version=${version/-/\~}
mkdir -p "$root/DEBIAN"
cat > "$root/DEBIAN/control" <<END
Package: fairlead
Version: $debian_version
Architecture: $architecture
Maintainer: the Fairlead authors <fairlead@users.noreply.github.com>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: libc6 (>= $libc)
Recommends: libssl3 | libssl3t64
Section: net
Priority: optional
Homepage: $url
Description: exchange messages between processes
 The command fairlead sends, receives, requests, replies, publishes and
 subscribes over shared memory, pipes, FIFOs, Unix sockets, TCP, TLS, UDP and
 RabbitMQ. It takes locks between processes, and shows which endpoints live.
END
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
package=$output/fairlead_${debian_version}_$architecture.deb
dpkg-deb --build --root-owner-group "$root" "$package" > /dev/null
echo "$package"
