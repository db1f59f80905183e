# Counts what the stages of a run have passed, failed and skipped, and prints it at the end. Sourced by test.sh and eng/quick.sh, which set
# failures: the file of what failed, printed once more at the end, because the end is what is read.

# What this machine lacks skips a test. A contract leaves out a test that can never apply to its transport (Contract.NotApplicable), which is
# no skipped one: those are counted apart, and listed by class.
passed=0 failed=0 skipped=0 left_out=0

# Begins a stage; the last one's seconds go into the table that end prints.
stages=() stage_name= stage_start=0
stage_over() { [ -z "$stage_name" ] || stages+=("$(printf '%5d s  %s' $((SECONDS - stage_start)) "$stage_name")"); }
# titled NAME SECOND: the heading of a stage that has ended, and its line in the table.
titled() {
  stage_over; stage_name=
  stages+=("$(printf "%5d s  %s" $((SECONDS - $2)) "$1")")
  printf "\n== %s (%d s; ended after %d s)\n" "$1" $((SECONDS - $2)) "$SECONDS"
}
title() {
  stage_over
  stage_name=$1 stage_start=$SECONDS
  printf '\n== %s (after %d s)\n' "$1" "$SECONDS"
}
fail() { failed=$((failed + 1)); echo "FAILED: $1" | tee -a "$failures"; }
skip() { skipped=$((skipped + $1)); echo "SKIPPED: $2"; }

# What a report of a failure needs: the names, the seeds by which a choice is repeated, the machine, and the logs.
what_to_send() {
  cp "$failures" "$results/failures.txt"
  printf '\n== please send these lines, and the folder %s\n' "$results"
  grep -E '^(FAILED: |not ok |[A-Za-z])' "$failures"
  grep -oE 'FAIRLEAD_[A-Z_]*SEED=[0-9]+' "$failures" | sort -u
  echo "commit $(git describe --always --dirty 2> /dev/null || echo unknown), $(uname -srm), $(nproc) processors, load $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# The counts, as the last line of every run has them.
counts() { echo "$passed passed, $failed failed, $skipped skipped"; }

end() {
  stage_over
  printf '\n== where the time went\n'
  printf '%s\n' "${stages[@]}"
  [ "$left_out" -eq 0 ] || printf '\n== %d tests are left out, because they can never apply to their transport; each assembly lists them by class\n' "$left_out"
  if [ -s "$failures" ]; then printf '\n== what failed\n'; cat "$failures"; what_to_send; fi
  printf '\n== done in %d s\n%s\n' "$SECONDS" "$(counts)"
  [ "$failed" -eq 0 ]
  exit
}

# Counts the lines of a TAP stream that a stage has written to a file.
count_tap() {
  local code=$1 file=$2 ok not_ok skips
  ok=$(grep -c '^ok ' "$file"); not_ok=$(grep -c '^not ok ' "$file"); skips=$(grep -c '^ok .* # SKIP' "$file")
  passed=$((passed + ok - skips)) failed=$((failed + not_ok)) skipped=$((skipped + skips))
  awk '/^(not )?ok / { bad = /^not ok / } bad' "$file" >> "$failures"
  if [ "$code" -ne 0 ] && [ "$not_ok" -eq 0 ]; then fail "ended with $code, with no failed test"; fi
  if ! grep -q '^1\.\.[0-9]' "$file"; then fail "ended before its last test"; fi
}

# Counts the tests of an xunit assembly from its result file. A run without one, or of no test at all, has failed: a filter that matches
# nothing must not pass. What the run wrote is in the file of the same name that ends with .log.
count_trx() {
  local code=$1 file=$2 lines=${2%.trx}.lines counters total executed good bad out
  # The runner writes one line; then each element begins one, and text keeps its line breaks.
  { sed 's/></>\n</g' "$file" 2> /dev/null; echo; } > "$lines"
  counters=$(grep -o '<Counters [^>]*' "$lines")
  number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<< "$counters"; }
  total=$(number total) executed=$(number executed) good=$(number passed) bad=$(number failed)
  awk '/<UnitTestResult / { bad = / outcome="Failed"/; if (bad) { sub(/.* testName="/, ""); sub(/" .*/, ""); gsub(/&quot;/, "\""); print; next } }
       /<\/UnitTestResult>/ { bad = 0 }
       bad { gsub(/<[^>]*>/, ""); gsub(/&lt;/, "<"); gsub(/&gt;/, ">"); gsub(/&quot;/, "\""); gsub(/&amp;/, "\\&"); if (NF) print "  " $0 }' \
    "$lines" >> "$failures"
  # Each test without an outcome, as "CLASS: REASON".
  awk '/<UnitTestResult / { name = ""; if (/ outcome="NotExecuted"/) { name = $0; sub(/.* testName="/, "", name); sub(/[("].*/, "", name); sub(/\.[^.]*$/, "", name) } }
       name != "" && /<StdOut>/ { gsub(/^ *<StdOut>|<\/StdOut>.*/, ""); gsub(/&lt;/, "<"); gsub(/&gt;/, ">"); gsub(/&amp;/, "\\&"); print name ": " $0; name = "" }' "$lines" > "$lines.skipped"
  out=$(grep -c '^[^ ]*: not for ' "$lines.skipped")
  passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-0})) left_out=$((left_out + out))
  skipped=$((skipped + ${total:-0} - ${executed:-0} - out))
  echo "Skipped, by class and reason:"
  grep -v '^[^ ]*: not for ' "$lines.skipped" | sort | uniq -c
  echo "Left out, because the contract does not apply, by class:"
  sed -n 's/^\([^ ]*\.\)\?\([^ .]*\): not for .*/\2/p' "$lines.skipped" | sort | uniq -c | awk '{ printf "%s%s (%d)", (NR > 1 ? ", " : "  "), $2, $1 } END { print "" }' | fold -s -w 140
  echo "The classes that took longest, all their tests added up, several of which run at once:"
  awk '/<UnitTestResult / { name = $0; sub(/.* testName="/, "", name); sub(/[("].*/, "", name); sub(/\.[^.]*$/, "", name); time = $0; sub(/.* duration="/, "", time)
       split(time, part, /[:"]/); seconds[name] += part[1] * 3600 + part[2] * 60 + part[3] }
       END { for (name in seconds) printf "%7.1f s  %s\n", seconds[name], name }' "$lines" | sort -rn | head -n 15
  rm -f "$lines" "$lines.skipped"
  # The runner ends with 1 if a test failed. Then what another thread threw is lost in no test.
  if [ "$code" -gt 1 ] || { [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; }; then
    fail "the run ended with $code: a thread threw, or it crashed, or it was ended because it hung"
    # What it died of, and what it was at then. The runtime's message comes before the summary of the run.
    awk '/\[FATAL ERROR\]|Cleanup Failure|Unhandled exception|^Fatal error|^Stack overflow|\[Long Running Test\]|^The run is ended/ { at = NR }
         /\[(FAIL|SKIP|PASS)\]$/ { at = 0 }
         at && NR < at + 30 && lines++ < 100 { print "  " $0 }' "${file%.trx}.log" 2> /dev/null >> "$failures"
  elif [ ! -f "$file" ]; then fail "the run left no results in $file"
  elif [ "${executed:-0}" -eq 0 ]; then fail "the run executed no test"; fi
}
