#!/usr/bin/env bash
# Writes eng/durations.tsv from the result files of default runs: of each class that takes a second or more, the median duration of its tests, and the
# time that all of them take together, the median over the runs. RunTests compares them with the budget of the default run.
# Usage: eng/durations.sh FOLDER …     the folders of results of several runs, such as copies of artifacts/test-results/default
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: eng/durations.sh FOLDER …" >&2; exit 2; }
root=$(dirname "${BASH_SOURCE[0]}")/..
for folder; do
  for file in "$folder"/*.trx; do
    awk -v run="$folder" -v assembly="$(basename "$file" .trx)" '/<UnitTestResult / && /outcome="Passed"/ {
      name = $0; sub(/.* testName="/, "", name); sub(/[("].*/, "", name); sub(/\.[^.]*$/, "", name)
      time = $0; sub(/.* duration="/, "", time); split(time, part, /[:"]/)
      print assembly "\t" name "\t" run "\t" part[1] * 3600 + part[2] * 60 + part[3]
    }' "$file"
  done
done | LC_ALL=C sort -t $'\t' -k 1,3 -k 4,4n | awk -F '\t' '
  function flush_run() { if (run != "") { sums[++runs] = sum; medians[runs] = tests[int((count + 1) / 2)] } count = 0; sum = 0; delete tests }
  function middle(list, n,   i, j, t) { for (i = 2; i <= n; i++) { t = list[i]; for (j = i - 1; j > 0 && list[j] > t; j--) list[j + 1] = list[j]; list[j + 1] = t } return list[int((n + 1) / 2)] }
  function flush_class() {
    flush_run()
    if (class != "" && middle(sums, runs) >= 1) printf "%s\t%.1f\t%.1f\n", class, middle(medians, runs), middle(sums, runs)
    runs = 0; run = ""
  }
  { key = $1 "\t" $2 }
  key != class { flush_class(); class = key }
  $3 != run { if (run != "") flush_run(); run = $3 }
  { tests[++count] = $4; sum += $4 }
  END { flush_class() }' > "$root/eng/durations.new"
{
  echo '# Written by eng/durations.sh: assembly, class, seconds of its median test, seconds of all its tests together (several run at the same time).'
  cat "$root/eng/durations.new"
} > "$root/eng/durations.tsv"
rm "$root/eng/durations.new"
echo "$(grep -vc '^#' "$root/eng/durations.tsv") classes take a second or more"
