#!/usr/bin/env bash
# Makes the Debian package and the tarball of the tool, installs the package into an empty root, reads its manual pages, completes lines in three shells, and removes
# it. dpkg --root needs no second system: what the package needs of one (libc) is not installed there, and is not demanded. Speaks TAP; run by eng/nightly.sh.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
place=$(mktemp -d /tmp/fl.XXXXXX) || exit 1
trap 'rm -rf "$place"' EXIT
root=$place/root; mkdir -p "$root/var/lib/dpkg" "$place/home"; mkdir -m 700 "$place/run"
touch "$root/var/lib/dpkg/status"
export XDG_RUNTIME_DIR=$place/run HOME=$place/home LC_ALL=C.UTF-8
tool=$root/usr/bin/fairlead

number=0 failures=0
check() {
  local code name=$1; shift
  number=$((number + 1))
  (set -e; "$@") > "$place/log" 2>&1; code=$?
  case $code in
    0) echo "ok $number - $name" ;;
    77) echo "ok $number - $name # SKIP $(tail -n 1 "$place/log")" ;;
    *) echo "not ok $number - $name"; sed 's/^/# /' "$place/log"; failures=$((failures + 1)) ;;
  esac
}
needs() { command -v "$1" > /dev/null || { echo "$1 is not installed"; return 77; }; }
equal() { [ "$1" = "$2" ] || { printf 'expected: %s\nactual:   %s\n' "$1" "$2"; return 1; }; }

# As a container's configuration may leave out pages and documents, they are asked for. Only a real root has an owner to change to.
packages_of() { dpkg --root="$root" --log=/dev/null --force-not-root --force-depends --force-script-chrootless \
  --path-include='/usr/share/man/*' --path-include='/usr/share/doc/*' "$@"; }
files() { (cd "$root" && find . -path ./var -prune -o ! -type d -print | sort); }

is_made() { eng/package-tool.sh "$place/made" && ls "$place"/made/fairlead_*.deb "$place"/made/fairlead-*.tar.gz; }
installs() {
  needs dpkg; packages_of -i "$place"/made/fairlead_*.deb
  version=$(dpkg-deb -f "$place"/made/fairlead_*.deb Version)
  equal "${version/\~/-}" "$("$tool" --version | cut -d + -f 1)"
}
names_no_path_of_this_machine() { needs dpkg; if grep -rlF "$PWD" "$root/usr"; then return 1; fi; }
has_pages() {
  needs man
  local page
  for page in fairlead fairlead-lock fairlead-certificate; do
    MANWIDTH=80 man -M "$root/usr/share/man" "$page" | col -b > "$place/page"
    head -n 1 "$place/page" | grep -F "${page^^}(1)"
    grep -x 'EXIT STATUS' "$place/page"
  done
}
has_clean_pages() {
  needs groff
  local page faults
  for page in "$root"/usr/share/man/man1/*.gz; do
    faults=$(gzip -dc "$page" | groff -ww -man -Tutf8 -z 2>&1); equal '' "$faults"
    if command -v mandoc > /dev/null; then gzip -dc "$page" | mandoc -T lint -W warning; fi
  done
}
completes_in_bash() {
  PATH=$root/usr/bin:$PATH bash --norc -ec '. "$0"; COMP_LINE="fairlead send --del" COMP_POINT=19; _fairlead; echo "${COMPREPLY[*]}"' \
    "$root/usr/share/bash-completion/completions/fairlead" > "$place/words"
  equal --deliver "$(cat "$place/words")"
}

# The function runs as at the cursor: zsh's builtin takes the words only there, so a function takes them here.
completes_in_zsh() {
  needs zsh
  cat > "$place/line.zsh" << 'END'
fpath=($1 $fpath); autoload -Uz compinit; compinit -D
compadd() { shift; print -rl -- "$@" }
words=(fairlead send --del) CURRENT=3; _fairlead
words=(fairlead serv) CURRENT=2; _fairlead
END
  PATH=$root/usr/bin:$PATH zsh -f "$place/line.zsh" "$root/usr/share/zsh/vendor-completions" > "$place/words"
  equal "$(printf -- '--deliver\nserve\nservices')" "$(cat "$place/words")"
}
completes_in_fish() {
  needs fish
  PATH=$root/usr/bin:$PATH fish --no-config -c 'source $argv[1]; complete -C "fairlead send --del"; complete -C "fairlead receive --output j"' \
    "$root/usr/share/fish/vendor_completions.d/fairlead.fish" > "$place/words"
  equal "$(printf -- '--deliver\njson')" "$(cat "$place/words")"
}
holds_the_same() {
  needs dpkg
  equal "$(files | sed 's:^\./usr/::')" "$(tar -tzf "$place"/made/fairlead-*.tar.gz | grep -v '/$' | sed 's:^[^/]*/::' | sort)"
}
is_removed() {
  needs dpkg; packages_of --purge fairlead
  equal '' "$(files)"
  equal '' "$(find "$root/usr" 2> /dev/null)"
}

check "the package and the tarball are made" is_made
check "the package installs into an empty root, and its tool has its version" installs
check "no file names the folder that it was built in" names_no_path_of_this_machine
check "man shows fairlead, fairlead-lock and fairlead-certificate" has_pages
check "groff and mandoc find no fault in any page" has_clean_pages
check "bash completes" completes_in_bash
check "zsh completes" completes_in_zsh
check "fish completes" completes_in_fish
check "the tarball holds the same files" holds_the_same
check "removal leaves nothing" is_removed
echo "1..$number"
[ "$failures" -eq 0 ]
