# Keeps what takes long to make, with a hash of what it was made from, below artifacts/kept. Sourced by test.sh and eng/kept-tap.sh.

# hash_of PATH … [-- WORD …]: the hash of all files there, and of the words, such as the versions of compilers.
hash_of() {
  local paths=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do paths+=("$1"); shift; done
  { find "${paths[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; printf '%s\n' "$@"; } | sha256sum | cut -d ' ' -f 1
}

# is_kept NAME HASH FILE …: whether the files are those that were made last, and were made from this.
is_kept() {
  local name=$1 hash=$2; shift 2
  [ "$(cat "artifacts/kept/$name" 2> /dev/null)" = "$hash $(hash_of "$@" 2> /dev/null)" ]
}

# keep NAME HASH FILE …: says that the files were made from this.
keep() {
  local name=$1 hash=$2; shift 2
  mkdir -p artifacts/kept && echo "$hash $(hash_of "$@")" > "artifacts/kept/$name"
}
