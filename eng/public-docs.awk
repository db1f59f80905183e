# Leaves the documentation of public members only: packages have no use for that of internal ones.
# A page of the repository becomes a link, because users of a package do not have the page.
# usage: awk -f public-docs.awk -v url=URL PublicAPI.txt DOCUMENTATION.xml
# PublicAPI.txt lists each public type, and its members indented; a test compares it with the assembly. A member is known by its type and its name.

function name_of(line) {
  sub(/ where .*/, "", line)
  if (match(line, /[A-Za-z0-9_]+(<[^()]*>)?\(/)) line = substr(line, RSTART, RLENGTH - 1)   # a method or a constructor
  else if (line ~ /this\[/) return "Item"
  else { sub(/ [{=].*/, "", line); sub(/.* /, "", line) }                                    # a property, an event, a field
  sub(/<.*/, "", line)
  return line
}

FNR == 1 { files++ }
files == 1 && /^[a-z]/ {
  type = $0; sub(/ (where|:) .*/, "", type)
  sub(/^.*(class|struct|interface|enum|delegate) /, "", type); gsub(/<[^>]*>/, "", type); sub(/[ (].*/, "", type)
  public[type] = 1
  next
}
files == 1 && /^    / {
  member = name_of(substr($0, 5)); last = type; sub(/.*\./, "", last)
  public[type "." (member == last ? "#ctor" : member)] = 1
  next
}
files == 2 && /<member name="/ {
  id = $0
  sub(/.*name="[A-Z]:/, "", id); sub(/".*/, "", id); sub(/\(.*/, "", id); gsub(/`+[0-9]+/, "", id)
  skips = !(id in public)
}
files == 2 && !skips { gsub(/docs\/[a-z\/-]+\.md/, "<see href=\"" url "/blob/main/&\">&</see>"); print }
files == 2 && /<\/member>/ { skips = 0 }
