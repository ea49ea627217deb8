# Prints what `make` alone prints: the targets of the files given that have a `## summary`, under the
# `##@ Heading` before them, a line each. Reads any awk.
FNR == 1 { file += 1; heading = file == 1 ? "" : "This project" }
/^##@ / { heading = substr($0, 5); next }
/^[A-Za-z0-9_. -]+:.*## / {
  names = substr($0, 1, index($0, ":") - 1)
  gsub(/ +$/, "", names)
  gsub(/ +/, ", ", names)
  summary = $0
  sub(/^.*## +/, "", summary)
  if (heading == "Develop" && !own) next
  rows += 1
  headings[rows] = heading
  targets[rows] = names
  summaries[rows] = summary
  if (length(names) > width) width = length(names)
}
END {
  for (row = 1; row <= rows; row++) {
    if (headings[row] != headings[row - 1]) printf "\n%s\n", headings[row]
    printf "  %-" width "s  %s\n", targets[row], summaries[row]
  }
}
