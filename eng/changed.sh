# Builds, in a Debug build without analyzers, every project that the differences from the main branch reach, committed or not, and runs the short
# tests of the assemblies among them; of a changed file of tests, all its tests. Sourced by test.sh. FAIRLEAD_BASE names another commit to compare with.

configuration=debug
. eng/graph.sh
[ $# -eq 0 ] || { echo "usage: ./test.sh changed" >&2; exit 2; }
main=${FAIRLEAD_BASE:-$(git rev-parse -q --verify main || git rev-parse -q --verify origin/main)}
base=$(git merge-base HEAD "$main") || { echo "test.sh changed: there is no commit '$main' to compare with; name one by FAIRLEAD_BASE" >&2; exit 2; }
mapfile -t files < <({ git diff --name-only "$base"; git ls-files --others --exclude-standard; } | sort -u)
[ ${#files[@]} -gt 0 ] || { echo "nothing differs from $base"; exit 0; }

read_graph
mapfile -t reached < <(reached_by "${files[@]}")
echo "${#files[@]} files differ from ${base:0:8}; they reach ${#reached[@]} projects:"
printf '  %s\n' "${reached[@]}"

title "build"
solution_of "${reached[@]}" > artifacts/changed.slnf
dotnet build artifacts/changed.slnf -c Debug -v quiet "${without_analyzers[@]}" || { fail "the build"; end; }

# The changed files of tests first: what they say is what is waited for.
while read -r name classes; do
  arguments=(); for class in $classes; do arguments+=(-class "$class"); done
  room 2
  begin_tests "$name" "${arguments[@]}"
  collect
  mv "$results/$name.trx" "$results/$name.changed.trx"; mv "$results/$name.log" "$results/$name.changed.log"
done < <(classes_in "${files[@]}")

for project in "${reached[@]}"; do
  name=$(basename "$project" .csproj)
  case $name in *.Tests) room 3; begin_tests "$name" "${short[@]}" ;; esac
done
room 1

# Scripts that speak TAP, and samples.
if printf '%s\n' "${files[@]}" | grep -q '^models/'; then begin tap models models/check.sh; fi
if printf '%s\n' "${files[@]}" | grep -qE '^(samples|tests/Samples)/'; then
  dotnet build src/Fairlead.Cli -c Debug -v quiet "${without_analyzers[@]}" || fail "the build of the tool"
  FAIRLEAD_CONFIGURATION=debug begin tap samples tests/Samples/run.sh artifacts/bin artifacts/bin/Fairlead.Cli/debug/fairlead
fi
room 1
echo "Left out: the analyzers, Native AOT, packages, and the tests with the trait Run=full or Run=slow outside of the changed files."
end
