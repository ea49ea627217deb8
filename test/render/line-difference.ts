/** What `b` has and `a` has not, and the other way round: lines with `+`, `-`, and three of context with a space. */
export function lineDifference(a: string, b: string): string {
  const left = a.split('\n');
  const right = b.split('\n');
  const longest = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = longest[i] as Uint16Array;
      const below = longest[i + 1] as Uint16Array;
      row[j] = left[i] === right[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(` ${left[i++]}`);
      j++;
    } else if (
      i < left.length &&
      (j >= right.length || (longest[i + 1]?.[j] ?? 0) >= (longest[i]?.[j + 1] ?? 0))
    )
      lines.push(`-${left[i++]}`);
    else lines.push(`+${right[j++]}`);
  }
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - 3), at + 4).some((line) => line[0] !== ' '));
  return lines.flatMap((line, at) => (near[at] ? [line] : near[at - 1] ? ['…'] : [])).join('\n');
}
