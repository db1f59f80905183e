# The graph of the projects: which of them a changed file reaches. Read from the project files, without MSBuild, which takes a second for each.
# Sourced by eng/changed.sh.

# Of each project file: its folder; the projects that refer to it; and by file or pattern, the projects that compile or copy files of other folders.
declare -A users_of=() projects_of_link=()
projects=()

read_graph() {
  local project folder reference
  mapfile -t projects < <(find src tests samples bench -name '*.csproj' | LC_ALL=C sort)
  for project in "${projects[@]}"; do
    folder=$(dirname "$project")
    # eng/Sample.props: each sample refers to the library.
    case $project in samples/*) users_of[src/Fairlead/Fairlead.csproj]+=" $project" ;; esac
    while read -r reference; do
      reference=$(realpath -m --relative-to . "$folder/$reference")
      users_of[$reference]+=" $project"
    done < <(sed -n 's/.*<ProjectReference Include="\([^"]*\)".*/\1/p' "$project")
    while read -r reference; do
      reference=$(realpath -m --relative-to . "$folder/$reference")
      projects_of_link[$reference]+=" $project"
    done < <(sed -n 's/.*<\(Compile\|None\|Content\|EmbeddedResource\|AdditionalFiles\) Include="\(\.\.[^"]*\)".*/\2/p' "$project" | tr ';' '\n')
  done
}

# reached_by FILE …: the project files that compile a changed file, and all that refer to them, directly or not. The rules of the build reach every
# project, and the tests of the pages read every file.
reached_by() {
  local file folder link project left=()
  declare -A is_reached=()
  left=(tests/Fairlead.Docs.Tests/Fairlead.Docs.Tests.csproj)
  for file; do
    case $file in
      eng/*.props | eng/*.targets | eng/BannedSymbols* | Directory.* | global.json | .editorconfig | *.slnx) left+=("${projects[@]}"); continue ;;
    esac
    for link in "${!projects_of_link[@]}"; do
      # shellcheck disable=SC2053,SC2206
      if [[ $file == $link ]]; then left+=(${projects_of_link[$link]}); fi
    done
    folder=$(dirname "$file")
    while [ "$folder" != . ]; do
      project=$(compgen -G "$folder/*.csproj") && { left+=("$project"); break; }
      folder=$(dirname "$folder")
    done
  done
  while [ ${#left[@]} -gt 0 ]; do
    project=${left[-1]}; unset 'left[-1]'
    [ -z "${is_reached[$project]:-}" ] || continue
    is_reached[$project]=yes
    # shellcheck disable=SC2206
    left+=(${users_of[$project]:-})
  done
  printf '%s\n' "${!is_reached[@]}" | sort
}

# solution_of PROJECT …: a filter of the solution with these projects, for a file in artifacts/.
solution_of() {
  local project
  printf '{ "solution": { "path": "../Fairlead.slnx", "projects": ['
  printf '%s' "$(printf '"%s",' "$@" | sed 's/,$//')"
  printf '] } }\n'
}

# classes_in FILE …: of the changed files of tests a line "ASSEMBLY CLASS …", in the words of the runner: the classes of the file, or those that inherit
# a changed contract.
classes_in() {
  local file name nested outer
  for file; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .cs); name=${name%%.*}
    case $file in
      tests/Fairlead.Conformance/Contracts/*Contract*.cs)
        grep -HorE "class [A-Za-z]*\([^)]*\) : $name\(" --include=*.cs tests/*.Tests | while IFS=: read -r outer nested; do
          nested=${nested#class }
          echo "$(cut -d / -f 2 <<< "$outer") *.$(basename "$outer" .cs)+${nested%%(*}"
        done ;;
      tests/*.Tests/*Tests*.cs | tests/*.Tests/*Contracts.cs)
        echo "$(cut -d / -f 2 <<< "$file") *.$name" ;;
    esac
  done | sort -u | awk '{ classes[$1] = classes[$1] " " $2 } END { for (name in classes) print name classes[name] }'
}
