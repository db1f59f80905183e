#!/usr/bin/env bash
# Runs the tests of what differs from the main branch, committed or not, in a Debug build without analyzers. Run by ./test.sh changed.
# FAIRLEAD_BASE names another commit to compare with.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. eng/selection.sh
[ $# -eq 0 ] || { echo "usage: ./test.sh changed" >&2; exit 2; }
main=${FAIRLEAD_BASE:-$(git rev-parse -q --verify main || git rev-parse -q --verify origin/main)}
base=$(git merge-base HEAD "$main") || { echo "test.sh changed: there is no commit '$main' to compare with; name one by FAIRLEAD_BASE" >&2; exit 2; }
mapfile -t files < <({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } | sort -u)
[ ${#files[@]} -gt 0 ] || { echo "nothing differs from $base"; exit 0; }
open_selection
selected=$(selected_for "${files[@]}")
echo "${#files[@]} files differ from ${base:0:8}:"; sed 's/^/  /' <<< "$selected"
for project in $(cut -d ' ' -f 1 <<< "$selected" | sort -u); do
  mapfile -t patterns < <(awk -v project="$project" '$1 == project { print $2 }' <<< "$selected")
  if [ -x "$project" ] && [ -f "$project" ]; then
    title "$project"
    "$project" > "$results/script.tap"; count_tap $? "$results/script.tap"
  else
    run_selection "$project" "$(filter_of "${patterns[@]}")"
  fi
done
echo "Left out: the analyzers, Native AOT, samples, packages, and the tests of other folders."
end
